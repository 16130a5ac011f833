import type { Vitals } from '../../gateway/vitals';
import { postJson } from '../post';

export async function fetchVitals(): Promise<Vitals> {
  const response = await fetch('/local/vitals');
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

interface Envelope {
  result: { success: boolean; error?: { code: string; message: string } };
}

async function fire(triggerName: string): Promise<Envelope['result']> {
  const response = await postJson('/invoke/monitor', { door: 'timer', data: { TriggerName: triggerName } });
  const { result }: Envelope = await response.json();
  return result;
}

const ledgerRules = new Set(['ledger']);

/** Runs the monitor as its timers do: minutes are added up, incidents open and close, and every ledger is counted again. */
export async function runMonitor(): Promise<{ at: string; isGood: boolean; said: string }> {
  const runs = [await fire('collect'), await fire('audit')];
  const refusal = runs.find(({ success }) => !success)?.error;
  const { incidents } = await fetchVitals();
  const mismatch = incidents.find(({ rule, closedAt }) => ledgerRules.has(rule) && closedAt === null);
  const said = refusal ? `${refusal.code} ${refusal.message}` : (mismatch?.detail ?? '');
  return { at: new Date().toISOString(), isGood: said === '', said };
}
