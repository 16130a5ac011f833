import { useState } from 'preact/hooks';
import type { Draw, Prize } from '../../../client/types';
import { useText } from '../text';
import { inBeijing } from './time';
import { useHeld, useRead, useTask } from './use-device';

interface Slice {
  id: number | null;
  name: string;
  share: number;
  color: string;
}

const colors = ['#f6c453', '#8fc9a9', '#f29f86', '#9cc3e6', '#c9b3e0', '#f3b6c4', '#b9cf7e', '#e8b98a'];
const emptyColor = '#e6dfd3';
const spinMs = 3_200;

/** The odds as published: a prize's slice is as wide as its chance, and what is left is nobody's. */
function slicesOf(prizes: readonly Prize[], none: number, noneName: string): Slice[] {
  const drawn = prizes.filter(({ isActive, probability, stock }) => isActive && stock !== 0 && probability > 0);
  const shares = drawn.map(({ id, name, probability }, index) => ({
    id,
    name,
    share: probability,
    color: colors[index % colors.length] ?? emptyColor,
  }));
  const rest = Math.max(none, 1 - shares.reduce((sum, { share }) => sum + share, 0));
  return rest > 0.000_001 ? [...shares, { id: null, name: noneName, share: rest, color: emptyColor }] : shares;
}

const point = (turn: number, radius: number): string => {
  const angle = turn * 2 * Math.PI - Math.PI / 2;
  return `${(100 + radius * Math.cos(angle)).toFixed(2)} ${(100 + radius * Math.sin(angle)).toFixed(2)}`;
};

const percent = (share: number): string => `${Number((share * 100).toFixed(2))}%`;

export function Wheel() {
  const { device, say } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const [turns, setTurns] = useState(0);
  const odds = useRead((app) => app.lottery.prizes());
  const balance = useRead((app) => app.points.balance());
  const records = useRead((app) => app.lottery.records({ limit: 5 }));
  if (odds === null) return <p class="empty">{device.network.online ? '' : text.wheel.offline}</p>;
  const slices = slicesOf(odds.prizes, odds.noPrizeProbability, text.wheel.none);

  /** Full turns, and then on until the middle of the drawn slice stands under the needle. */
  function turnTo(draw: Draw): void {
    let from = 0;
    for (const { id, share } of slices) {
      if (id === (draw.prize?.id ?? null)) break;
      from += share;
    }
    const width = slices.find(({ id }) => id === (draw.prize?.id ?? null))?.share ?? 0;
    setTurns((before) => Math.floor(before) + 5 + 1 - (from + width / 2));
  }

  async function spin(): Promise<void> {
    const { draw } = await device.app().lottery.draw();
    turnTo(draw);
    await new Promise((resolve) => setTimeout(resolve, matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : spinMs));
    say(draw.isWinner && draw.prize ? text.wheel.won(draw.prize.name) : text.wheel.lost);
  }

  const points = balance?.points ?? 0;
  return (
    <>
      <div class="wheel">
        <svg viewBox="0 0 200 200" role="img" aria-label={text.wheel.label} style={{ transform: `rotate(${turns}turn)` }}>
          {slices.map(({ id, color, share }, index) => {
            const from = slices.slice(0, index).reduce((sum, slice) => sum + slice.share, 0);
            if (share >= 0.999) return <circle key={id} cx="100" cy="100" r="96" fill={color} />;
            const path = `M100 100L${point(from, 96)}A96 96 0 ${share > 0.5 ? 1 : 0} 1 ${point(from + share, 96)}Z`;
            return <path key={id} d={path} fill={color} stroke="var(--card)" stroke-width="2" />;
          })}
          <circle cx="100" cy="100" r="22" fill="var(--card)" />
        </svg>
        <i class="needle" />
      </div>
      <button type="button" class="main-button" disabled={busy || points < odds.cost || !device.network.online} onClick={() => run(spin)}>
        {busy ? text.wheel.spinning : text.wheel.spin(odds.cost)}
      </button>
      <p class="under-button">{device.network.online ? text.wheel.balance(points) : text.wheel.offline}</p>
      <h3>{text.wheel.odds}</h3>
      <ul class="odds">
        {slices.map(({ id, name, color, share }) => (
          <li key={id}>
            <i style={{ background: color }} />
            <span>{name}</span>
            <b>{percent(share)}</b>
          </li>
        ))}
      </ul>
      {records !== null && records.records.length > 0 && (
        <>
          <h3>{text.wheel.records}</h3>
          <ul class="plain-list">
            {records.records.map(({ id, prize, createdAt }) => (
              <li key={id}>
                <span>{prize?.name ?? text.wheel.none}</span>
                <time dateTime={createdAt}>{inBeijing(createdAt).slice(5, 10)}</time>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
