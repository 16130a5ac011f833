import { sweepHistory } from '../diary/history';
import { AppError } from '../errors';
import { config } from '../runtime/config';
import type { OperatorContext, SystemContext } from '../runtime/context';
import { openDatabase } from '../runtime/mysql';
import { hasStorage, probeStorage } from '../storage/storage';
import { requireDone, runChores } from '../upkeep/chores';
import { collectGarbage, garbageHours } from '../upkeep/garbage';
import { reconcile } from '../upkeep/reconcile';
import { continueErasures, removeDueFiles } from '../user/erase';
import type { Changes, Check, Health } from './contract';
import { judge, tellAll } from './incidents';
import { countsSince, storeMinutes } from './minutes';
import { tellOutage, tellOutageOver } from './outage';
import {
  postMinutesSweep,
  selectBusyUsers,
  selectChecksLateMinutes,
  selectCipher,
  selectConnections,
  selectDatabaseMb,
  selectEndedJobs,
  selectLastMinute,
  selectLedgerMismatches,
  selectOpenRules,
  selectOverdueErasures,
  selectPendingChecks,
} from './queries';
import { type Measurements, rules } from './rules';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const KEEP_MINUTES_MS = 14 * 24 * HOUR_MS;
const SWEEP_ROWS = 5_000;

const before = ({ now }: SystemContext, ms: number): Date => new Date(now.getTime() - ms);

async function measure(ctx: SystemContext): Promise<Measurements> {
  return {
    calls: await countsSince(ctx, before(ctx, 6 * MINUTE_MS)),
    connections: await selectConnections(ctx.db),
    databaseMb: await selectDatabaseMb(ctx.db),
    quotaMb: config().databaseQuotaMb,
    busyUsers: await selectBusyUsers(ctx.db, before(ctx, HOUR_MS), ctx.now),
    jobs: await selectEndedJobs(ctx.db, before(ctx, HOUR_MS / 2), ctx.now),
    ledgerMismatches: await selectLedgerMismatches(ctx.db, before(ctx, 10 * MINUTE_MS)),
    pendingChecks: await selectPendingChecks(ctx.db),
    checksLateMinutes: await selectChecksLateMinutes(ctx.db, ctx.now),
    garbageHours: await garbageHours(ctx.db, ctx.now),
    overdueErasures: await selectOverdueErasures(ctx.db, before(ctx, HOUR_MS)),
  };
}

/**
 * Runs each minute: collects the counts, evaluates the rules, sends alerts, removes old counts. A chore that fails is retried in a minute; this
 * run then answers INTERNAL.
 */
export async function collect(ctx: SystemContext): Promise<Changes> {
  try {
    const failed = await runChores(ctx, {
      'store-minutes': () => storeMinutes(ctx),
      erasures: () => continueErasures(ctx),
      'due-files': () => removeDueFiles(ctx),
    });
    const open = await selectOpenRules(ctx.db);
    const seen = await measure(ctx);
    const changes = await judge(
      ctx,
      open,
      rules.map((rule) => ({ rule, reading: rule.read(seen) })),
    );
    await tellOutageOver(ctx);
    await tellAll(ctx);
    const uncleared = await runChores(ctx, {
      garbage: () => collectGarbage(ctx.db, ctx.now),
      history: () => sweepHistory(ctx.db, ctx.now),
      'sweep-minutes': () => postMinutesSweep(ctx.db, before(ctx, KEEP_MINUTES_MS), SWEEP_ROWS),
    });
    requireDone([...failed, ...uncleared]);
    return changes;
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAVAILABLE') await tellOutage(ctx);
    throw error;
  }
}

/** Runs each night: checks all invariants of ledger, streaks and stock over all rows. */
export async function audit(ctx: SystemContext): Promise<Changes> {
  const open = await selectOpenRules(ctx.db);
  const mismatches = await reconcile(ctx);
  const shown = mismatches.slice(0, 10).map(({ invariant, subject, detail }) => `${invariant} #${subject} ${detail}`);
  const reading = { value: mismatches.length, detail: `${mismatches.length} 处不符：${shown.join('；')}` };
  const changes = await judge(
    ctx,
    open,
    rules.filter(({ name }) => name === 'ledger').map((rule) => ({ rule, reading })),
  );
  await tellAll(ctx);
  return changes;
}

const HEALTH_PATIENCE_MS = 1_500;
const COLLECTED_WITHIN_MS = 10 * MINUTE_MS;

async function check(name: string, ask: () => Promise<Pick<Check, 'status' | 'detail'>>): Promise<Check> {
  const started = performance.now();
  const answer = await ask().catch((): Pick<Check, 'status'> => ({ status: 'down' }));
  return { name, ms: Math.round(performance.now() - started), ...answer };
}

/** Whether MySQL and Redis answer and which incidents are open. Short time-outs, because the caller is waiting. */
export async function getHealth(ctx: OperatorContext): Promise<Health> {
  const db = openDatabase(Date.now() + HEALTH_PATIENCE_MS, ctx.requestId);
  const checks = await Promise.all([
    check('database', async () => {
      const cipher = await selectCipher(db);
      return { status: 'ok', detail: cipher === '' ? 'not encrypted' : cipher };
    }),
    check('cache', async () => {
      if (config().redis === null) return { status: 'ok', detail: 'not configured' };
      return { status: (await ctx.cache.run((redis) => redis.ping())) === null ? 'degraded' : 'ok' };
    }),
    check('storage', async () => {
      if (!hasStorage()) return { status: 'ok', detail: 'not configured' };
      await probeStorage();
      return { status: 'ok', detail: config().storage.kind };
    }),
    check('incidents', async () => {
      const open = [...(await selectOpenRules(db))];
      return open.length === 0 ? { status: 'ok' } : { status: 'degraded', detail: open.join(', ') };
    }),
    check('collector', async () => {
      const last = await selectLastMinute(db, ctx.now);
      const isFresh = last !== null && last >= before(ctx, COLLECTED_WITHIN_MS);
      // On a developer's machine no timer runs.
      const isMissed = !isFresh && config().environment !== 'local';
      return { status: isMissed ? 'degraded' : 'ok', detail: last?.toISOString() ?? 'has not run' };
    }),
  ]);
  const status = checks.some(({ name, status: each }) => name === 'database' && each === 'down') ? 'down' : undefined;
  return { status: status ?? (checks.every((each) => each.status === 'ok') ? 'ok' : 'degraded'), checks };
}
