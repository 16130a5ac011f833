import type * as z from 'zod';
import { monthBounds } from '../clock';
import { requireActive } from '../database/account';
import { statsOf } from '../diary/change';
import { AppError } from '../errors';
import { migrationModeOf } from '../login/migration-mode';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import { Moved } from '../runtime/mysql';
import { isChecking } from '../safety/check';
import { xorHashes } from '../sync/content-hash';
import { wasPaidBefore } from '../user/erase';
import { readOpenid } from '../user/operations';
import type { Grant, ImportOutput, import as importContract, VerifyOutput, verify } from './contract';
import { type Candidate, readDay, settleDay } from './days';
import { explainedBy, wholePoints, worthOf } from './grant';
import { type Readable, readDraw, readMood, readPrize, readRule, readTask, type TaskGround, templateKey } from './items';
import {
  type Haul,
  hasFamilyPrizes,
  type MoodToImport,
  type PrizeToImport,
  postGrant,
  postImport,
  selectHashes,
  selectImported,
  selectImportState,
  selectKept,
  selectMoods,
  selectRules,
  selectStanding,
  selectSystemTemplates,
} from './queries';
import { Unfit } from './unfit';

type Input = z.output<typeof importContract.input>;
type ItemReport = ImportOutput['tasks'][number];

/**
 * Throws FORBIDDEN for a user whom MIGRATION_MODE leaves out, so that a call made up by hand imports nothing. In `shadow` nothing is granted.
 */
async function requireMigration(ctx: UserContext, asksForGrant: boolean): Promise<void> {
  const mode = migrationModeOf(ctx.openid ?? (await readOpenid(ctx)));
  if (mode === 'off' || (mode === 'shadow' && asksForGrant)) throw new AppError('FORBIDDEN', { message: '数据迁移还没有开放' });
}

/** Of a draw; see lottery.setConfig. */
const MAX_COST = 1_000;

/** Brings over one chunk of a phone's data, and at the end what its points are worth. Sent again it changes nothing more. */
export async function importChunk(ctx: UserContext, input: Input): Promise<ImportOutput> {
  await requireMigration(ctx, input.grant !== undefined);
  const report = await whileMoved(ctx, () => importOnce(ctx, input));
  if (input.grant === undefined) return report;
  const claimed = wholePoints(input.grant.claimed);
  return { ...report, grant: await whileMoved(ctx, () => grantOnce(ctx, claimed)) };
}

/** Decides again when the user's data moved between the decision and its posting. */
async function whileMoved<Answer>(ctx: UserContext, attempt: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (Date.now() >= ctx.deadline) throw new AppError('UNAVAILABLE', { cause: error });
    }
  }
}

/** The item, or why it cannot be brought over. */
function attemptAt<Item>(read: () => Item): Item | Unfit {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unfit) return error;
    throw error;
  }
}

const NOTHING = { days: [], revisions: [], tasks: [], rules: [], draws: [], moods: [], hidden: [], wheel: null };

async function importOnce(ctx: UserContext, input: Input): Promise<ImportOutput> {
  const account = await selectImportState(ctx.db, ctx);
  const haul: Haul = structuredClone({ ...NOTHING, items: [] });
  if (account.held === null) haul.items.push({ key: 'start', points: account.points });

  const days = await settleDays(ctx, input.days, haul);
  const ground = await readGround(ctx, input);
  const readables = {
    tasks: input.tasks.map((raw) => attemptAt(() => readTask(ctx, raw, ground))),
    rules: input.rules.map((raw) => attemptAt(() => readRule(ctx, raw))),
    draws: input.draws.map((raw) => attemptAt(() => readDraw(ctx, raw))),
    moods: input.moods.map((raw) => attemptAt(() => readMood(ctx, raw))),
  };
  const keys = Object.values(readables).flatMap((items) => items.flatMap((item) => (item instanceof Unfit ? [] : [item.itemKey])));
  const known = keys.length === 0 ? new Set<string>() : await selectImported(ctx.db, ctx.userId, keys);
  const tasks = settleItems(input.tasks, readables.tasks, known, haul.items, haul.tasks);
  const rules = settleItems(input.rules, readables.rules, known, haul.items, haul.rules);
  const draws = settleItems(input.draws, readables.draws, known, haul.items, haul.draws);
  const moods = await settleMoods(ctx, input.moods, readables.moods, known, haul);
  rememberTemplates(haul, ground);
  const prizes = await settleWheel(ctx, input, haul);

  const report: ImportOutput = { days, tasks, rules, draws, moods, prizes, stats: statsOf(account, ctx.today) };
  if (haul.items.length === 0 && haul.revisions.length === 0) return report;
  const drafts = account.drafts + haul.days.filter(({ isDraft }) => isDraft).length;
  const streak = await postImport(ctx.db, ctx, account.rev, haul, drafts, ctx);
  return { ...report, stats: statsOf(streak, ctx.today) };
}

/** What today's tasks and new rules are compared with; read when there are any. */
async function readGround(ctx: UserContext, { tasks, rules }: Input): Promise<TaskGround> {
  const ofToday = tasks.filter(({ date }) => date === ctx.today).map(({ key }) => templateKey(String(key)));
  return {
    rules: ofToday.length === 0 ? new Map() : await selectRules(ctx.db, ctx.userId, ofToday),
    system: ofToday.length + rules.length === 0 ? new Map() : await selectSystemTemplates(ctx.db),
  };
}

/** Remembers which rule a template became. A rule with the title of a system task replaces that task. */
function rememberTemplates({ rules, items, hidden }: Haul, { system }: TaskGround): void {
  for (const [index, { template, title }] of rules.entries()) {
    items.push({ key: template, points: 0, rule: index + 1 });
    const replaced = system.get(title);
    if (replaced !== undefined) hidden.push(replaced);
  }
}

/** A mood that the account has of that day already stays. */
async function settleMoods(
  ctx: UserContext,
  raws: Input['moods'],
  readables: (Readable<MoodToImport> | Unfit)[],
  known: Set<string>,
  haul: Haul,
): Promise<ItemReport[]> {
  const dates = readables.flatMap((item) => (item instanceof Unfit ? [] : [item.row.date]));
  const standing = dates.length === 0 ? new Map<string, string>() : await selectMoods(ctx.db, ctx.userId, dates);
  for (const item of readables) if (!(item instanceof Unfit) && standing.has(item.row.date)) known.add(item.itemKey);
  const reports = settleItems(raws, readables, known, haul.items, haul.moods);
  return reports.map((report, index) => {
    const item = readables[index];
    if (item === undefined || item instanceof Unfit || report.status !== 'same') return report;
    return (standing.get(item.row.date) ?? item.row.mood) === item.row.mood ? report : { ...report, status: 'kept-server' as const };
  });
}

/** The phone's prizes and cost of a draw, where the account has no list of its own and none was brought before. */
async function settleWheel(ctx: UserContext, { prizes, lotteryCost }: Input, haul: Haul): Promise<ItemReport[]> {
  const cost = Math.min(wholePoints(lotteryCost), MAX_COST) || null;
  if (prizes.length === 0 && cost === null) return [];
  const readables = prizes.map((raw) => attemptAt(() => readPrize(ctx, raw)));
  const isKnown = (await selectImported(ctx.db, ctx.userId, ['wheel'])).size > 0;
  const isOwn = !isKnown && (await hasFamilyPrizes(ctx.db, ctx.userId));
  const rows: PrizeToImport[] = [];
  const reports = settleItems(prizes, readables, new Set(), [], rows);
  if (!isKnown && !isOwn) {
    haul.wheel = { prizes: rows, cost };
    haul.items.push({ key: 'wheel', points: 0 });
    return reports;
  }
  const status = isKnown ? ('same' as const) : ('kept-server' as const);
  return reports.map((report) => (report.status === 'imported' ? { ...report, status } : report));
}

const shown = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 64) : '');

async function settleDays(ctx: UserContext, raws: Input['days'], haul: Haul): Promise<ImportOutput['days']> {
  const candidates = raws.map((raw) => ({ raw, candidate: attemptAt(() => readDay(ctx, raw)) }));
  const dates = candidates.flatMap(({ candidate }) => (candidate instanceof Unfit ? [] : [candidate.written.date]));
  const ground = {
    standing: dates.length === 0 ? new Map<string, string | null>() : await selectStanding(ctx.db, ctx.userId, dates),
    kept: dates.length === 0 ? new Set<string>() : await selectKept(ctx.db, ctx.userId, dates),
  };
  return candidates.map(({ raw, candidate }) => {
    if (candidate instanceof Unfit) return { date: shown(raw.date), status: 'invalid', reason: candidate.message };
    const { report, isNew, revisions } = settleDay(candidate, ground);
    haul.revisions.push(...revisions);
    if (isNew) takeDay(candidate, haul);
    return report;
  });
}

function takeDay({ written, ai, createdAt, modifiedAt }: Candidate, { days, items }: Haul): void {
  const { date, isDraft } = written;
  const aiPart = { aiComment: ai?.comment ?? null, aiCommentAt: ai?.at ?? null, aiLiked: ai?.isLiked ?? false };
  days.push({ ...written, ...aiPart, createdAt, modifiedAt, checkStatus: isChecking() && !isDraft ? 'pending' : 'unchecked' });
  items.push({ key: `${isDraft ? 'draft' : 'day'}:${date}`, points: 0, date });
}

/** Takes the items that are not known yet, and reports all of them. */
function settleItems<Row>(
  raws: Input['tasks'],
  readables: (Readable<Row> | Unfit)[],
  known: Set<string>,
  items: Haul['items'],
  rows: Row[],
): ItemReport[] {
  return readables.map((item, index) => {
    const key = shown(raws[index]?.key);
    if (item instanceof Unfit) return { key, status: 'invalid', reason: item.message };
    const { itemKey, points, date, row } = item;
    if (known.has(itemKey)) return { key, status: 'same' };
    known.add(itemKey);
    items.push({ key: itemKey, points, date });
    rows.push(row);
    return { key, status: 'imported' };
  });
}

async function grantOnce(ctx: UserContext, claimed: number): Promise<Grant> {
  const account = await selectImportState(ctx.db, ctx);
  const { rev, points, held, days, granted: before } = account;
  const evidence = { claimed, diaries: account.diaries, earned: account.earned, days, held: held ?? points };
  const answer = { claimed, explained: explainedBy(evidence), days };
  if (before !== null) return { ...answer, granted: before, waiting: account.waiting, balance: points, isFirst: false };
  if (await wasPaidBefore(ctx)) return { ...answer, granted: 0, waiting: 0, balance: points, isFirst: false };
  const worth = worthOf(evidence, config().migrationPointsMax);
  const description = `手机上 ${claimed} 分，认可 ${worth.granted} 分`;
  const { balance } = worth.granted === 0 ? { balance: points } : await postGrant(ctx.db, ctx, rev, { ...worth, description }, ctx.now);
  return { ...answer, ...worth, balance, isFirst: true };
}

/** Compares what the phone has with what stands here: by month, and by day where it asks. */
export async function verifyImport(ctx: UserContext, { months, days }: z.output<typeof verify.input>): Promise<VerifyOutput> {
  await requireActive(ctx.db, ctx);
  await requireMigration(ctx, false);
  return { months: await verifyMonths(ctx, months), days: await verifyDays(ctx, days) };
}

async function verifyMonths(ctx: UserContext, asked: z.output<typeof verify.input>['months']): Promise<VerifyOutput['months']> {
  const order = asked.map(({ month }) => month).sort();
  const [first, last] = [order[0], order.at(-1)];
  if (first === undefined || last === undefined) return [];
  const hashes = await selectHashes(ctx.db, ctx.userId, monthBounds(first).from, monthBounds(last).to);
  return asked.map(({ month, count, xor }) => {
    const here = hashes.filter(({ date }) => date.startsWith(month)).map(({ hash }) => hash);
    const found = xorHashes(here);
    return { month, count: here.length, xor: found, same: here.length === count && found === xor };
  });
}

async function verifyDays(ctx: UserContext, asked: z.output<typeof verify.input>['days']): Promise<VerifyOutput['days']> {
  if (asked.length === 0) return [];
  const dates = asked.map(({ date }) => date);
  const standing = await selectStanding(ctx.db, ctx.userId, dates);
  const kept = await selectKept(ctx.db, ctx.userId, dates);
  return asked.map(({ date, hash }) => {
    const found = standing.get(date) ?? null;
    if (found === hash) return { date, status: 'same' };
    if (kept.has(`${date} ${hash}`)) return { date, status: 'kept-server' };
    return { date, status: found === null ? 'missing' : 'different' };
  });
}
