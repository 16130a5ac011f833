import { postJson } from '../post';
import { inPageLanguage } from '../text';
import type { ActionEntry, Catalogue, LogLine } from './catalogue';

export type Door = 'miniprogram' | 'http' | 'console' | 'timer';
export type Who = 'child' | 'operator' | 'nobody';

export interface Order {
  entry: ActionEntry;
  door: Door;
  who: Who;
  openid: string;
  data: Record<string, unknown>;
}

export interface Sent {
  /** What went to the gateway. */
  event: unknown;
  answer: unknown;
  log: LogLine[];
  code: string;
  ms: number;
  trips: { mysql: number; redis: number } | null;
}

interface Reply {
  event: unknown;
  answer: unknown;
  ms: number;
}

type Bag = Record<string, unknown>;

const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);

async function invoke(fn: string, body: Bag): Promise<Reply> {
  const response = await postJson(`/invoke/${fn}`, body);
  const { result, ms, error }: { result?: unknown; ms?: number; error?: string } = await response.json();
  return { event: body, answer: result ?? { error }, ms: ms ?? 0 };
}

/** Signs in as WeChat would let this child, for the doors that want a token. */
async function tokenOf(openid: string): Promise<string> {
  const { answer } = await invoke('login', { as: { openid }, data: { action: 'login', data: {} } });
  const data = isBag(answer) && isBag(answer.data) ? answer.data : {};
  return String(data.token ?? '');
}

async function overHttp({ entry, data }: Order, token: string | null): Promise<Reply> {
  const [method = 'GET', template = ''] = entry.rest?.split(' ') ?? [];
  const rest = { ...data };
  const path = template.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value ?? ''));
  });
  const hasBody = method === 'POST' || method === 'PUT';
  const query = new URLSearchParams(hasBody ? {} : Object.entries(rest).map(([name, value]) => [name, String(value)]));
  const url = query.size > 0 ? `${path}?${query}` : path;
  const { lang } = inPageLanguage();
  const headers = {
    ...(lang && { 'accept-language': lang }),
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(hasBody && { 'content-type': 'application/json' }),
  };
  const startedAt = performance.now();
  const response = await fetch(url, { method, headers, ...(hasBody && { body: JSON.stringify(rest) }) });
  const answer: unknown = await response.json();
  const shown = token === null ? {} : { authorization: 'Bearer …' };
  return {
    event: { method, url, headers: { ...headers, ...shown }, ...(hasBody && { body: rest }) },
    answer,
    ms: Math.round(performance.now() - startedAt),
  };
}

async function deliver(order: Order, { operator }: Catalogue): Promise<Reply> {
  const { entry, door, who, openid, data } = order;
  const { fn, action } = entry;
  if (door === 'timer') return invoke(fn, { door, data: { TriggerName: action } });
  if (door === 'miniprogram')
    return invoke(fn, { as: { openid: who === 'operator' ? operator.openid : openid }, data: { action, data, ...inPageLanguage() } });
  const token = who === 'nobody' ? null : who === 'operator' ? operator.token : await tokenOf(openid);
  if (door === 'http') return overHttp(order, token);
  return invoke(fn, { door, data: { action, data, ...(token !== null && { token }), ...inPageLanguage() } });
}

/** The access line of a call says what it cost. */
function costIn(log: readonly LogLine[]): Sent['trips'] {
  for (const { text } of log) {
    const line: unknown = text.startsWith('{') ? JSON.parse(text) : null;
    if (!isBag(line) || line.kind !== 'access') continue;
    const { mysql, redis } = line;
    return { mysql: isBag(mysql) ? Number(mysql.trips) : 0, redis: isBag(redis) ? Number(redis.trips) : 0 };
  }
  return null;
}

export async function send(order: Order, catalogue: Catalogue): Promise<Sent> {
  const { event, answer, ms } = await deliver(order, catalogue);
  const envelope = isBag(answer) ? answer : {};
  const error = isBag(envelope.error) ? envelope.error : {};
  const logs = await fetch(`/local/logs?request=${encodeURIComponent(String(envelope.requestId ?? ''))}`);
  const log: LogLine[] = await logs.json();
  return { event, answer, log, code: envelope.success === true ? 'OK' : String(error.code ?? 'FAULT'), ms, trips: costIn(log) };
}
