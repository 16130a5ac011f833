import { randomBytes } from 'node:crypto';
import type * as z from 'zod';
import { imageFolder } from '../diary/images';
import { AppError } from '../errors';
import { allNotes, listConsents, wholeLog } from '../family/operations';
import { getWheel } from '../lottery/operations';
import type { UserContext } from '../runtime/context';
import { fileIdOf, hasStorage, removeOrFail, temporaryUrls, upload } from '../storage/storage';
import type { Change } from '../sync/contract';
import { pull } from '../sync/pull';
import { repeatOf } from '../task/recurrence';
import type { Export, export as exportContract } from '../user/contract';
import { getProfile } from '../user/operations';
import { postDoomedFile, type RevisionRow, type RuleRow, selectRevisions, selectRules } from './queries';

const PAGE = 1_000;
/** A longer document goes to storage: phones on weak lines give up on it. */
const INLINE_BYTES = 1_000_000;
/** The platform carries no more than 6 MB, and the answer has an envelope. */
const PLATFORM_BYTES = 5_500_000;
const LINK_MS = 3_600_000;

const toRevision = (row: RevisionRow): Export['revisions'][number] => ({
  id: row.id,
  date: row.diary_date,
  reason: row.reason,
  content: row.content,
  mood: row.mood,
  weather: row.weather,
  images: row.images,
  tags: row.tags,
  isDraft: row.is_draft === 1,
  modifiedAt: row.modified_at.toISOString(),
});

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

const repetitionOf = (row: RuleRow): Pick<Export['taskRules'][number], 'weekdays' | 'monthDay'> => {
  const repeat = repeatOf(row.weekdays, row.is_weekly === 1);
  if (repeat.kind === 'monthly') return { weekdays: [], monthDay: repeat.day };
  return { weekdays: repeat.kind === 'weekly' ? repeat.weekdays : EVERY_DAY, monthDay: null };
};

const toRule = (row: RuleRow): Export['taskRules'][number] => ({
  id: row.id,
  title: row.title,
  description: row.description,
  category: row.category,
  pointsReward: row.points_reward,
  ...repetitionOf(row),
  remindAt: row.remind_at,
  byGuardian: row.by_guardian === 1,
  endedAt: row.ended_at?.toISOString() ?? null,
});

/** Everything that syncs, as a phone that reads from the beginning would get it: no row is missed that changes meanwhile. */
async function readFeed(ctx: UserContext): Promise<Change[]> {
  const latest = new Map<string, Change>();
  let cursor: string | null = null;
  for (;;) {
    const page = await pull(ctx, cursor, { limit: PAGE, clientId: 'export', ack: 0 });
    for (const change of page.changes) latest.set(`${change.kind}:${change.key}`, change);
    if (!page.hasMore) return [...latest.values()];
    cursor = page.cursor;
  }
}

async function readRevisions(ctx: UserContext): Promise<RevisionRow[]> {
  const rows: RevisionRow[] = [];
  for (;;) {
    const page = await selectRevisions(ctx.db, ctx.userId, rows.at(-1)?.id ?? 0, PAGE);
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}

async function documentOf(ctx: UserContext): Promise<Export> {
  const changes = await readFeed(ctx);
  const rowsOf = <Kind extends Change['kind']>(kind: Kind) =>
    changes.flatMap((change) =>
      change.kind === kind && 'row' in change ? [change.row as Extract<Change, { kind: Kind; row: unknown }>['row']] : [],
    );
  const { openid: _, ...person } = await getProfile(ctx);
  return {
    exportedAt: ctx.now.toISOString(),
    profile: person,
    diaries: rowsOf('diary'),
    revisions: (await readRevisions(ctx)).map(toRevision),
    tasks: rowsOf('task'),
    taskRules: (await selectRules(ctx.db, ctx.userId)).map(toRule),
    pointRecords: rowsOf('record'),
    lotteryRecords: rowsOf('draw'),
    moods: rowsOf('mood'),
    aiJobs: rowsOf('job'),
    wheel: await getWheel(ctx),
    consents: (await listConsents(ctx)).consents,
    familyLog: await wholeLog(ctx),
    guardianNotes: await allNotes(ctx),
  };
}

/** The name cannot be guessed, the link ends, and the timer removes the file soon after. */
async function store(ctx: UserContext, bytes: Buffer): Promise<{ fileUrl: string; expiresAt: string }> {
  const expiresAt = new Date(ctx.now.getTime() + LINK_MS);
  const path = `${imageFolder(ctx.userId)}exports/${randomBytes(16).toString('hex')}.json`;
  const unavailable = (cause: unknown): never => {
    throw new AppError('UNAVAILABLE', { cause });
  };
  const file = await fileIdOf(path).catch(unavailable);
  // Noted first: a file that is stored is always found by erasure and by the timer.
  await postDoomedFile(ctx.db, ctx, file, expiresAt);
  await upload(path, bytes).catch(unavailable);
  const fileUrl = (await temporaryUrls(ctx, [file])).get(file);
  if (fileUrl === undefined) {
    await removeOrFail([file]);
    throw new AppError('UNAVAILABLE');
  }
  return { fileUrl, expiresAt: expiresAt.toISOString() };
}

/** Everything the user owns, as one document or as a link to it. */
export async function exportAccount(ctx: UserContext): Promise<z.input<typeof exportContract.output>> {
  const document = await documentOf(ctx);
  const bytes = Buffer.from(JSON.stringify(document));
  if (bytes.length <= INLINE_BYTES) return document;
  if (!hasStorage() && bytes.length <= PLATFORM_BYTES) return document;
  return store(ctx, bytes);
}
