import { useState } from 'preact/hooks';
import { Chevron, Face } from '../icons';
import { useLanguage, useText } from '../text';
import { MoodOfDay } from './mood-of-day';
import { useHeld, useRead } from './use-device';

const shift = (month: string, by: number): string => {
  const first = new Date(`${month}-01T00:00:00Z`);
  first.setUTCMonth(first.getUTCMonth() + by);
  return first.toISOString().slice(0, 7);
};

/** The days of a month as they stand in a grid whose weeks begin on Monday; null where the grid has no day. */
function grid(month: string): (string | null)[] {
  const first = new Date(`${month}-01T00:00:00Z`);
  const before = (first.getUTCDay() + 6) % 7;
  const days = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  const dates = Array.from({ length: days }, (_, index) => `${month}-${String(index + 1).padStart(2, '0')}`);
  return [...Array.from({ length: before }, () => null), ...dates];
}

export function Calendar({ onOpen }: { onOpen: (date: string) => void }) {
  const { device } = useHeld();
  const text = useText();
  const language = useLanguage();
  const today = device.today();
  const [month, setMonth] = useState(today.slice(0, 7));
  const answer = useRead((app) => app.diary.calendar({ month }), [month]);
  const stats = useRead((app) => app.diary.stats());
  const days = new Map(answer?.month === month ? answer.days.map((day) => [day.date, day]) : []);
  const locale = language === 'zh' ? 'zh-CN' : 'en';
  const name = new Intl.DateTimeFormat(locale, { month: 'long', day: 'numeric', timeZone: 'UTC' });
  const title = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'long', timeZone: 'UTC' });
  return (
    <>
      {stats !== null && (
        <p class="streak">
          <b>{text.diary.streak(stats.continuousDays)}</b> {text.calendar.longest(stats.longestStreak)}
        </p>
      )}
      <MoodOfDay />
      <div class="month-head">
        <button type="button" aria-label={text.calendar.previous} onClick={() => setMonth(shift(month, -1))}>
          <Chevron left />
        </button>
        <h3 aria-live="polite">{title.format(new Date(`${month}-01`))}</h3>
        <button
          type="button"
          aria-label={text.calendar.next}
          disabled={month >= today.slice(0, 7)}
          onClick={() => setMonth(shift(month, 1))}
        >
          <Chevron />
        </button>
      </div>
      <div class="month">
        {text.calendar.weekdays.map((name, index) => (
          <span key={index} class="weekday" aria-hidden="true">
            {name}
          </span>
        ))}
        {grid(month).map((date, index) => {
          if (date === null) return <span key={index} />;
          const day = days.get(date);
          return (
            <button
              key={date}
              type="button"
              class="day"
              data-today={date === today}
              data-draft={day?.isDraft ?? false}
              disabled={date > today}
              aria-label={text.calendar.open(name.format(new Date(date)), day ? (text.moods[day.mood] ?? day.mood) : '')}
              onClick={() => onOpen(date)}
            >
              {day && (day.diaryId !== null || day.mood !== '') ? <Face mood={day.mood} size={30} /> : Number(date.slice(8))}
              {day !== undefined && day.tasksDone > 0 && <i class="dot" />}
            </button>
          );
        })}
      </div>
    </>
  );
}
