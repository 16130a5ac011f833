import type { CallRequest, GrowthDiary } from '../../client/types';
import { NOON, newOpenid } from '../harness';
import { realCloud } from './cloud';
import { newPhone, type Phone } from './wx';

/** One child, any number of phones, one server whose clock stands where the test puts it. */
export interface World {
  openid: string;
  clock: { now: number };
  server(request: CallRequest): Promise<Loose>;
  phone(): Phone;
}

export function newWorld(openid = newOpenid()): World {
  const clock = { now: Date.parse(NOON) };
  const server = realCloud(
    () => openid,
    () => clock.now,
  );
  return { openid, clock, server, phone: () => newPhone(server, clock.now) };
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever field it is about
type Loose = any;

type Step = (request: CallRequest, pass: () => Promise<Loose>) => Promise<unknown>;

/** As a page does: reads the day, and writes over what it has read. */
export async function edit(app: GrowthDiary, date: string, fields: { content?: string; isDraft?: boolean; tags?: string[] }) {
  const { diary } = await app.diary.get({ date }, { prefer: 'cache' });
  return app.diary.update({ date, version: diary?.version ?? 0, ...fields });
}

/** Puts itself between a phone and its cloud, for calls of one function. */
export function between(phone: Phone, name: string, step: Step): () => void {
  const before = phone.cloud;
  phone.cloud = (request) => (request.name === name ? step(request, () => before(request)) : before(request));
  return () => {
    phone.cloud = before;
  };
}

export const refusalOf = (code: string, more: object = {}) => ({ success: false, error: { code, message: code, ...more }, requestId: 'r' });

/** The network as it is on a train: nobody knows whether the call arrived. */
export const broken = (): Promise<never> => Promise.reject(new Error('request:fail'));

export const syncInput = (request: CallRequest): Loose => request.data;
