import { useText } from '../text';

interface Minute {
  minute: string;
  calls: number;
  failed: number;
}

const shownMinutes = 60;
const width = 600;
const height = 120;

/** Calls of the last hour, a bar a minute; what was not done stands on top. */
export function MinutesChart({ minutes, now }: { minutes: readonly Minute[]; now: number }) {
  const text = useText();
  const highest = Math.max(5, ...minutes.map(({ calls }) => calls));
  const step = width / shownMinutes;
  const ago = ({ minute }: Minute): number => Math.floor((now - Date.parse(minute)) / 60_000);
  const total = minutes.reduce((sum, { calls }) => sum + calls, 0);
  const scale = (calls: number): number => (calls / highest) * (height - 4);
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${width} ${height + 18}`} role="img" aria-label={`${text.vitals.calls}: ${text.vitals.callsNote(total)}`}>
        <line x1="0" x2={width} y1={height} y2={height} class="axis" />
        <text x="0" y="10" class="tick">
          {highest}
        </text>
        {minutes.map((each) => {
          const age = ago(each);
          if (age < 0 || age >= shownMinutes) return null;
          const x = width - (age + 1) * step + 1;
          const done = scale(each.calls - each.failed);
          const failed = scale(each.failed);
          return (
            <g key={each.minute}>
              <title>{`${text.vitals.minutesAgo(age)}: ${each.calls}`}</title>
              <rect x={x} y={height - done} width={step - 2} height={done} rx="1.5" class="bar" />
              <rect x={x} y={height - done - failed} width={step - 2} height={failed} rx="1.5" class="bar bar-failed" />
            </g>
          );
        })}
        <text x="0" y={height + 14} class="tick">
          {text.vitals.minutesAgo(60)}
        </text>
        <text x={width} y={height + 14} class="tick" text-anchor="end">
          {text.vitals.minutesAgo(0)}
        </text>
      </svg>
    </figure>
  );
}

/** One action's calls by latency class, fastest first. */
export function Spread({ classes, edges }: { classes: readonly number[]; edges: readonly number[] }) {
  const text = useText();
  const highest = Math.max(1, ...classes);
  const nameOf = (index: number): string => (edges[index] === undefined ? text.vitals.beyond : text.vitals.within(String(edges[index])));
  const said = classes.flatMap((count, index) => (count > 0 ? [`${nameOf(index)}: ${count}`] : [])).join(', ');
  return (
    <svg class="spread" viewBox={`0 0 ${classes.length * 10} 24`} role="img" aria-label={said}>
      <title>{said}</title>
      {classes.map((count, index) => {
        const tall = count === 0 ? 0 : Math.max(2, (count / highest) * 22);
        const x = index * 10;
        return (
          <g key={nameOf(index)}>
            <rect x={x + 1} y="23" width="8" height="1" class="bar-base" />
            <rect x={x + 1} y={23 - tall} width="8" height={tall} rx="1" class="bar" />
          </g>
        );
      })}
    </svg>
  );
}
