import { useState } from 'preact/hooks';
import { useText } from '../text';
import { inBeijing } from './time';
import { useHeld, useRead, useTask } from './use-device';

const signed = (amount: number): string => (amount > 0 ? `+${amount}` : `−${-amount}`);

export function Points() {
  const { device } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const [what, setWhat] = useState('');
  const [amount, setAmount] = useState('5');
  const balance = useRead((app) => app.points.balance());
  const ledger = useRead((app) => app.points.records({ limit: 30 }));
  return (
    <>
      <p class="balance">
        <b>{balance?.points ?? '–'}</b>
        {text.points.balance}
      </p>
      <form
        class="spend"
        aria-label={text.points.spend}
        onSubmit={(event) => {
          event.preventDefault();
          run(async () => {
            await device.app().points.deduct({
              amount: Number(amount),
              source: text.points.family,
              ...(what.trim() !== '' && { description: what.trim() }),
            });
            setWhat('');
          });
        }}
      >
        <input
          type="text"
          aria-label={text.points.what}
          placeholder={text.points.spend}
          value={what}
          onInput={(event) => setWhat(event.currentTarget.value)}
        />
        <input
          type="number"
          min="1"
          max="1000"
          aria-label={text.points.amount}
          value={amount}
          onInput={(event) => setAmount(event.currentTarget.value)}
        />
        <button type="submit" class="quiet" disabled={busy}>
          {text.points.go}
        </button>
      </form>
      <h3>{text.points.ledger}</h3>
      {ledger?.records.length === 0 && <p class="empty">{text.points.empty}</p>}
      <ul class="plain-list">
        {ledger?.records.map(({ id, amount: moved, source, description, balanceAfter, createdAt }) => (
          <li key={id}>
            <span>
              {source}
              <small>{[description, inBeijing(createdAt).slice(5, 10)].filter(Boolean).join(' · ')}</small>
            </span>
            <span class="moved">
              <b data-spent={moved < 0}>{signed(moved)}</b>
              <small>{text.points.after(balanceAfter)}</small>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
