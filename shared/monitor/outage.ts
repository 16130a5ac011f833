import type { SystemContext } from '../runtime/context';
import { postMessage } from './webhook';

const KEY = 'gd:{monitor}:outage';
const KEEP_SECONDS = 86_400;

/** Without Redis each instance of the timer's function remembers the outage itself; there is seldom more than one. */
let outageHere = false;

/** An outage of the database cannot be stored in it: the incident is kept in Redis, and reported once. */
export async function tellOutage(ctx: SystemContext): Promise<void> {
  const marked = await ctx.cache.run((redis) =>
    redis.set(KEY, ctx.now.toISOString(), 'EX', KEEP_SECONDS, 'NX').then((answer) => answer ?? 'known'),
  );
  if (marked === 'known' || (marked === null && outageHere)) return;
  outageHere = true;
  const isTold = await postMessage(
    '**成长日记告警：<font color="warning">数据库没有回应</font>**\n> 处理办法：docs/operations.zh-CN.md#database',
    ctx.requestId,
  );
  if (isTold) return;
  outageHere = false;
  await ctx.cache.run((redis) => redis.del(KEY));
}

/** Call it after the database has answered. */
export async function tellOutageOver(ctx: SystemContext): Promise<void> {
  const removed = await ctx.cache.run((redis) => redis.del(KEY));
  if (removed === 0 || (removed === null && !outageHere)) return;
  outageHere = false;
  await postMessage('**成长日记恢复：<font color="info">数据库恢复回应</font>**', ctx.requestId);
}
