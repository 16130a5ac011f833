import { useState } from 'preact/hooks';
import type { Diary, Pending } from '../../../client/types';
import { Face, Sky } from '../icons';
import { useLanguage, useText } from '../text';
import { shownAt } from './files';
import { useHeld, useRead } from './use-device';

const pageSize = 10;

export function Diaries({ onOpen }: { onOpen: (date: string) => void }) {
  const { device } = useHeld();
  const text = useText();
  const [limit, setLimit] = useState(pageSize);
  const answer = useRead((app) => app.diary.list({ limit }), [limit]);
  const stats = useRead((app) => app.diary.stats());
  const today = device.today();
  const hasToday = answer?.diaries.some(({ date }) => date === today) ?? false;
  return (
    <>
      {stats !== null && stats.totalDiaries > 0 && (
        <p class="streak">
          {stats.continuousDays > 0 && <b>{text.diary.streak(stats.continuousDays)}</b>} {text.diary.total(stats.totalDiaries)}
        </p>
      )}
      <button type="button" class="main-button" onClick={() => onOpen(today)}>
        {hasToday ? text.diary.goOn : text.diary.write}
      </button>
      {answer?.diaries.length === 0 && <p class="empty">{text.diary.empty}</p>}
      <ul class="cards">
        {answer?.diaries.map((diary) => (
          <Card key={diary.date} diary={diary} onOpen={onOpen} />
        ))}
      </ul>
      {answer?.hasMore && (
        <button type="button" class="quiet wide" onClick={() => setLimit(limit + pageSize)}>
          {text.diary.more}
        </button>
      )}
    </>
  );
}

function Card({ diary, onOpen }: { diary: Diary & Pending; onOpen: (date: string) => void }) {
  const text = useText();
  const language = useLanguage();
  const { device } = useHeld();
  const { date, mood, weather, content, tags, images, hiddenImages, aiComment, aiCommentInfo, isDraft, pending } = diary;
  const isThisYear = date.slice(0, 4) === device.today().slice(0, 4);
  const day = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en', {
    ...(!isThisYear && { year: 'numeric' }),
    month: 'short',
    day: 'numeric',
    weekday: 'short',
    timeZone: 'UTC',
  });
  const pictures = images.flatMap((id) => shownAt(id) ?? []);
  return (
    <li class="card">
      <button type="button" class="card-open" onClick={() => onOpen(date)} aria-label={text.diary.edit(date)} />
      <div class="card-head">
        {mood !== '' && <Face mood={mood} />}
        <time dateTime={date}>{day.format(new Date(date))}</time>
        {weather !== '' && <Sky weather={weather} size={18} />}
        <span class="badges">
          {isDraft && <span class="badge">{text.diary.draft}</span>}
          {pending && <span class="badge badge-pending">{text.diary.pending}</span>}
        </span>
      </div>
      <p class="words">{content}</p>
      {pictures.length > 0 && (
        <div class="thumbs">
          {pictures.slice(0, 3).map((src, index) => (
            <img key={src} src={src} alt={text.editor.picture(index + 1)} loading="lazy" />
          ))}
        </div>
      )}
      {tags.length > 0 && (
        <p class="tags">
          {tags.map((tag) => (
            <span key={tag}>{tag}</span>
          ))}
        </p>
      )}
      {hiddenImages && <p class="ai">{hiddenImages.message}</p>}
      {aiComment !== null && (
        <p class="ai">
          <b>{text.diary.comment}</b> {aiComment}{' '}
          <small>
            {text.diary.ai}
            {aiCommentInfo?.isForEarlierVersion && ` · ${text.diary.earlier}`}
          </small>
        </p>
      )}
    </li>
  );
}
