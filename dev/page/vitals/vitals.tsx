import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Vitals } from '../../gateway/vitals';
import { useText } from '../text';
import { MinutesChart, Spread } from './charts';
import { fetchVitals, runMonitor } from './source';

const everyMs = 5_000;

const clock = (instant: string): string => new Date(instant).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

export function VitalsView() {
  const text = useText();
  const [vitals, setVitals] = useState<Vitals | null>(null);
  const [audit, setAudit] = useState<{ at: string; isGood: boolean; said: string } | null>(null);
  const [busy, setBusy] = useState(false);

  const read = useCallback(() => fetchVitals().then(setVitals, () => {}), []);
  useEffect(() => {
    void read();
    const timer = setInterval(read, everyMs);
    return () => clearInterval(timer);
  }, [read]);

  async function check(): Promise<void> {
    setBusy(true);
    try {
      setAudit(await runMonitor());
      await read();
    } finally {
      setBusy(false);
    }
  }

  if (vitals === null) return null;
  const { minutes, codes, actions, edges, slow, incidents } = vitals;
  const total = minutes.reduce((sum, { calls }) => sum + calls, 0);
  const open = incidents.filter(({ closedAt }) => closedAt === null);
  return (
    <div class="vitals">
      <p class="soft vitals-note">
        {text.vitals.note} {text.vitals.updated}
      </p>
      <section class="tile tile-wide">
        <h2>
          {text.vitals.calls} <small>{text.vitals.callsNote(total)}</small>
        </h2>
        {total === 0 ? <p class="empty">{text.vitals.empty}</p> : <MinutesChart minutes={minutes} now={Date.now()} />}
        <p class="legend">
          <i class="bar" /> {text.vitals.succeeded} <i class="bar bar-failed" /> {text.vitals.failed}
        </p>
      </section>
      <section class="tile">
        <h2>{text.vitals.reconcile}</h2>
        <p class="verdict" data-good={audit?.isGood ?? true}>
          {audit === null ? text.vitals.reconcileNever : `${clock(audit.at)} · ${audit.isGood ? text.vitals.reconcileGood : audit.said}`}
        </p>
        <button type="button" class="quiet" disabled={busy} onClick={check}>
          {text.vitals.reconcileRun}
        </button>
        <p class="soft">{text.vitals.reconcileNote}</p>
        <h2>{text.vitals.incidents}</h2>
        {open.length === 0 && <p class="soft">{text.vitals.noIncidents}</p>}
        <ul class="plain-list">
          {incidents.map(({ rule, openedAt, closedAt, detail }) => (
            <li key={`${rule} ${openedAt}`}>
              <span>
                {rule}
                <small>{detail}</small>
              </span>
              <span class="badge" data-open={closedAt === null}>
                {closedAt === null ? text.vitals.open : text.vitals.closed}
              </span>
            </li>
          ))}
        </ul>
      </section>
      <section class="tile tile-wide">
        <h2>{text.vitals.latency}</h2>
        <div class="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">{text.vitals.action}</th>
                <th scope="col">{text.vitals.count}</th>
                <th scope="col">{text.vitals.failed}</th>
                <th scope="col">{text.vitals.mean}</th>
                <th scope="col">{text.vitals.spread}</th>
              </tr>
            </thead>
            <tbody>
              {actions.map(({ action, calls, failed, meanMs, classes }) => (
                <tr key={action}>
                  <th scope="row">
                    <code>{action}</code>
                  </th>
                  <td>{calls}</td>
                  <td>{failed || ''}</td>
                  <td>{meanMs} ms</td>
                  <td>
                    <Spread classes={classes} edges={edges} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section class="tile">
        <h2>{text.vitals.codes}</h2>
        <Codes codes={codes} />
        <h2>{text.vitals.slow}</h2>
        {slow.length === 0 && <p class="soft">{text.vitals.noSlow}</p>}
        <ul class="plain-list">
          {slow.map(({ at, statement, ms }) => (
            <li key={`${at} ${statement}`}>
              <span>
                <code>{statement}</code>
                <small>{clock(at)}</small>
              </span>
              <b>{ms} ms</b>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function Codes({ codes }: { codes: Record<string, number> }) {
  const text = useText();
  const rows = Object.entries(codes).sort(([, a], [, b]) => b - a);
  if (rows.length === 0) return <p class="soft">{text.vitals.noCodes}</p>;
  const highest = Math.max(...rows.map(([, count]) => count));
  return (
    <ul class="codes">
      {rows.map(([code, count]) => (
        <li key={code}>
          <span>{code}</span>
          <i style={{ width: `${(count / highest) * 100}%` }} />
          <b>{count}</b>
        </li>
      ))}
    </ul>
  );
}
