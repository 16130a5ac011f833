import { useEffect, useRef, useState } from 'preact/hooks';
import type { Diary, Pending } from '../../../client/types';
import { Cross, Face, Sky } from '../icons';
import { useText } from '../text';
import { paint, shownAt } from './files';
import { Past } from './past';
import { Picks } from './picks';
import { Sheet } from './sheet';
import type { Draft } from './unsaved';
import { useHeld, useTask } from './use-device';

const blank: Draft = { content: '', mood: '', weather: '', tags: '', images: [] };

const draftOf = ({ content, mood, weather, tags, images }: Diary): Draft => ({ content, mood, weather, tags: tags.join(' '), images });

const tagsIn = (text: string): string[] => [...new Set(text.split(/[\s,，、]+/).filter(Boolean))];

interface Props {
  date: string;
  today: string;
  onDate: (date: string) => void;
  onClose: () => void;
}

/** One day's diary: to be written, changed, deleted, or read with what the AI says of it. */
export function Editor({ date, today, onDate, onClose }: Props) {
  const { device, say } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const [diary, setDiary] = useState<(Diary & Pending) | null>(null);
  const [unsaved] = useState(() => device.unsaved.get(date));
  const [draft, setDraft] = useState<Draft>(unsaved?.draft ?? blank);
  /** What the text is based on is the version that its writer saw, even when that was before the app was closed. */
  const basedOn = useRef(unsaved?.basedOn ?? null);
  const [isRestored, setRestored] = useState(unsaved !== null);
  const touched = useRef(unsaved !== null);
  const [past, setPast] = useState<'history' | 'trash' | null>(null);
  const app = device.app();
  const changes = device.changes();

  useEffect(() => {
    app.diary.get({ date }).then(
      ({ diary: found }) => {
        if (!found) return;
        setDiary((before) => (touched.current && before !== null ? before : found));
        if (touched.current) return;
        basedOn.current = { id: found.id, version: found.version };
        setDraft(draftOf(found));
      },
      () => {},
    );
  }, [app, date, changes]);

  function edit(changed: Partial<Draft>): void {
    touched.current = true;
    setDraft((before) => {
      const next = { ...before, ...changed };
      device.unsaved.keep(date, { draft: next, basedOn: basedOn.current });
      return next;
    });
  }

  /** Back to the saved text. */
  function discard(): void {
    device.unsaved.drop(date);
    touched.current = false;
    setRestored(false);
    basedOn.current = diary && { id: diary.id, version: diary.version };
    setDraft(diary === null ? blank : draftOf(diary));
  }

  function done(message: string): void {
    device.unsaved.drop(date);
    say(message);
    onClose();
  }

  function save(isDraft: boolean): void {
    const { tags, ...rest } = draft;
    const fields = { ...rest, tags: tagsIn(tags), isDraft };
    run(async () => {
      const written = await (basedOn.current === null
        ? app.diary.create({ date, ...fields })
        : app.diary.update({ ...basedOn.current, ...fields }));
      const { pending, reward } = written;
      done(pending ? text.editor.savedOffline : reward ? text.editor.reward(reward.points) : text.editor.saved);
    });
  }

  function remove({ id }: Diary): void {
    run(async () => {
      await app.diary.delete({ id });
      done(text.editor.deleted);
    });
  }

  if (past !== null) return <Past date={past === 'history' ? date : null} onRestored={onClose} onClose={() => setPast(null)} />;
  return (
    <Sheet title={text.editor.title} full onClose={onClose}>
      <form
        class="editor"
        onSubmit={(event) => {
          event.preventDefault();
          save(false);
        }}
      >
        {isRestored && (
          <p class="restored" role="status">
            {text.editor.restored}
            <button type="button" class="quiet" onClick={discard}>
              {text.editor.discard}
            </button>
          </p>
        )}
        <label class="field-row">
          <span>{text.editor.date}</span>
          <input
            type="date"
            value={date}
            max={today}
            onChange={(event) => event.currentTarget.value && onDate(event.currentTarget.value)}
          />
        </label>
        <Picks label={text.editor.mood} names={text.moods} value={draft.mood} onPick={(mood) => edit({ mood })}>
          {(name) => <Face mood={name} size={30} />}
        </Picks>
        <Picks label={text.editor.weather} names={text.weathers} value={draft.weather} onPick={(weather) => edit({ weather })}>
          {(name) => <Sky weather={name} />}
        </Picks>
        <textarea
          rows={6}
          aria-label={text.editor.content}
          placeholder={text.editor.content}
          value={draft.content}
          onInput={(event) => edit({ content: event.currentTarget.value })}
        />
        <input
          type="text"
          aria-label={text.editor.tags}
          placeholder={text.editor.tags}
          value={draft.tags}
          onInput={(event) => edit({ tags: event.currentTarget.value })}
        />
        <Pictures images={draft.images} onChange={(images) => edit({ images })} />
        {diary !== null && diary.id > 0 && <Comment diary={diary} />}
        <div class="choices">
          <button type="button" class="quiet" onClick={() => setPast('history')}>
            {text.past.history}
          </button>
          <button type="button" class="quiet" onClick={() => setPast('trash')}>
            {text.past.trash}
          </button>
        </div>
        <div class="editor-foot">
          <button type="submit" class="main-button" disabled={busy || draft.content.trim() === ''}>
            {text.editor.save}
          </button>
          <button type="button" class="quiet" disabled={busy} onClick={() => save(true)}>
            {text.editor.draft}
          </button>
          {diary !== null && (
            <button type="button" class="quiet danger" disabled={busy} onClick={() => remove(diary)}>
              {text.editor.delete}
            </button>
          )}
        </div>
      </form>
    </Sheet>
  );
}

function Pictures({ images, onChange }: { images: string[]; onChange: (images: string[]) => void }) {
  const { device } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const upload = (picture: Blob): void => run(async () => onChange([...images, await device.app().image.upload(device.hold(picture))]));
  return (
    <fieldset class="pictures">
      <legend class="unseen">{text.editor.pictures}</legend>
      {images.map((id, index) => (
        <span key={id} class="picture">
          <img src={shownAt(id) ?? '/page/icon.svg'} alt={text.editor.picture(index + 1)} />
          <button type="button" aria-label={text.editor.remove} onClick={() => onChange(images.filter((other) => other !== id))}>
            <Cross />
          </button>
        </span>
      ))}
      <label class="add-picture">
        <input
          type="file"
          accept="image/*"
          disabled={busy}
          onChange={(event) => {
            const [picture] = event.currentTarget.files ?? [];
            if (picture) upload(picture);
            event.currentTarget.value = '';
          }}
        />
        {text.editor.choose}
      </label>
      <button type="button" class="add-picture" disabled={busy} onClick={() => paint().then(upload)}>
        {text.editor.paint}
      </button>
    </fieldset>
  );
}

function Comment({ diary }: { diary: Diary }) {
  const { device, say } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const [comment, setComment] = useState(diary.aiComment);
  useEffect(() => setComment(diary.aiComment), [diary.aiComment]);

  async function ask(): Promise<void> {
    const app = device.app();
    const { job } = await app.ai.commentDiary({ diaryId: diary.id });
    const { job: done } = await app.ai.waitFor({ id: job.id });
    if (done.error) say(done.error.message);
    else setComment(done.result?.text ?? null);
  }

  if (comment !== null) {
    return (
      <p class="ai">
        <b>{text.diary.comment}</b> {comment} <small>{text.diary.ai}</small>
      </p>
    );
  }
  return (
    <button type="button" class="quiet wide" disabled={busy} onClick={() => run(ask)}>
      {busy ? text.editor.asking : text.editor.ask}
    </button>
  );
}
