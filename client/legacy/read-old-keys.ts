import type { ImportMood } from '../../shared/import/contract';
import { hashText, type Written } from '../../shared/sync/content-hash';
import { type Bag, isBag, isText } from '../platform/text';
import { type Fate, type Harvest, type KeyAccount, KNOWN, named, type OtherChild, type ProfileField, UNREADABLE } from './harvest';
import { bagOf, lineOf, listOf, localDay, padded, type ReadKey, textOf, unpacked } from './old-values';
import { isOurs, readDiaries, writtenOf } from './read-diaries';
import { countMarks, readTasks } from './read-tasks';
import { readDraws, readPrizes } from './read-wheel';

export type { Harvest } from './harvest';
export type { ReadKey } from './old-values';

interface Options {
  /** The day up to which a text is not of the future. */
  today?: string;
  /** Whose data these are; the former version keeps an older copy of them under `userData_<child>`. */
  child?: string;
  /** Under which date a text of the future was sent before; empty: it was not. */
  dateFor?(text: Written): string;
}

/** What the functions of the table read, and where they put what they find. */
interface Reading {
  read: ReadKey;
  keys: readonly string[];
  child: string;
  harvest: Harvest;
  diaries: ReturnType<typeof readDiaries>['fates'];
  tasks: ReturnType<typeof readTasks>;
  draws: readonly Fate[];
  prizes: readonly Fate[];
}

/** One key of the former version, or several of one shape. */
interface OldKey {
  /** How many entries the value holds, whatever the reader makes of them. */
  count(value: unknown): number;
  fates(reading: Reading, value: unknown, key: string): readonly Fate[];
}

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '' || value === false;
const oneEntry = (value: unknown): number => (isEmpty(value) ? 0 : 1);
const listEntries = (value: unknown): number => (Array.isArray(value) ? value.length : oneEntry(value));
const fieldEntries = (value: unknown): number =>
  isBag(value) ? Object.keys(value).filter((name) => !isEmpty(value[name])).length : oneEntry(value);

/** Each entry of a list that the new version has no place for. */
const keptList = (what: string, reason: string): OldKey => ({
  count: listEntries,
  fates: (_, value) => listOf(value).map(() => named(what, reason)),
});

const list = (fates: (reading: Reading) => readonly Fate[]): OldKey => ({ count: listEntries, fates: (reading) => fates(reading) });

const balance: OldKey = { count: oneEntry, fates: (_, value) => [isWhole(value) ? KNOWN : named('积分', '不是一个有效的分数')] };

/** Settings of the former version itself: nothing of the child. */
const setting: OldKey = { count: () => 0, fates: () => [] };

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const OLD_KEYS: Record<string, OldKey> = {
  diaries: list(({ diaries }) => diaries.diaries),
  diary_drafts: list(({ diaries }) => diaries.diary_drafts),
  userTasks: list(({ tasks }) => tasks.templateFates),
  lotteryRecords: list(({ draws }) => draws),
  prizeList: list(({ prizes }) => prizes),
  lotteryCost: {
    count: oneEntry,
    fates: ({ harvest }, value) => {
      if (!isWhole(value) || value === 0) return [named('抽奖花费', UNREADABLE)];
      harvest.lotteryCost = value;
      return [KNOWN];
    },
  },
  userInfo: { count: fieldEntries, fates: ({ harvest }, value) => fatesOfUser(bagOf(value), harvest) },
  points: balance,
  userPoints: balance,
  totalPoints: balance,
  todayMood: {
    count: oneEntry,
    fates: ({ harvest }, value) => [
      harvest.moods.some(({ mood }) => mood === lineOf(value)) ? KNOWN : named('今天的心情', '没有日期，不知道是哪一天的'),
    ],
  },
  pointsRecords: keptList('积分明细', '旧版的明细里混有示例，余额另行核算，明细留在手机里'),
  achievements: keptList('徽章', '新版的徽章由新的记录得到，旧徽章留在手机里'),
  badges: keptList('徽章', '新版的徽章由新的记录得到，旧徽章留在手机里'),
  tasks: keptList('旧任务列表', '旧版已不再使用，留在手机里'),
  currentUserId: setting,
  dataMigrated: setting,
  token: setting,
};

/** Keys of which there is one for each day or child. */
const OLD_PREFIXES: Record<string, OldKey> = {
  tasks_: { count: countMarks, fates: ({ tasks }, _, key) => tasks.markFates.get(key) ?? [] },
  mood_: { count: oneEntry, fates: ({ harvest }, _, key) => [fateOfMood(harvest, key)] },
  userData_: { count: oneEntry, fates: ({ harvest, child }, value, key) => [fateOfOther(harvest, bagOf(unpacked(value)), key, child)] },
};

/** Of the SDK itself. */
const isOwnKey = (key: string): boolean => key.startsWith('gd:');

const oldKeyOf = (key: string): OldKey | null => {
  if (Object.keys(OLD_KEYS).includes(key)) return OLD_KEYS[key] ?? null;
  const prefix = Object.keys(OLD_PREFIXES).find((each) => key.startsWith(each));
  return prefix === undefined ? null : (OLD_PREFIXES[prefix] ?? null);
};

const PROFILE: Record<string, ProfileField> = { nickname: 'nickname', nickName: 'nickname', avatar: 'avatar', avatarUrl: 'avatar' };

function fatesOfUser(user: Bag, { profile }: Harvest): Fate[] {
  const names = Object.keys(user).filter((name) => !isEmpty(user[name]));
  return names.map((name): Fate => {
    const field = PROFILE[name];
    if (field === undefined) return /points$/i.test(name) ? KNOWN : named('旧账号的资料', '新版用微信登录，不再需要');
    const value = textOf(user[name]).trim();
    if (value === '') return named('昵称和头像', UNREADABLE);
    if (field === 'avatar' && value.startsWith('/')) return named('默认头像', '是旧版自带的图片，不是自己的');
    profile[field] ??= value;
    return profile[field] === value ? { to: 'profile', field } : named('昵称和头像', '旧版存了两份，取了前一份');
  });
}

function fateOfMood({ moods }: Harvest, key: string): Fate {
  const date = padded(key.slice('mood_'.length));
  const item = moods.find((each) => each.key === key);
  return date === null || item === undefined ? named('每天的心情', UNREADABLE) : { to: 'item', kind: 'moods', item };
}

function fateOfOther({ otherChildren }: Harvest, data: Bag, key: string, child: string): Fate {
  const name = key.slice('userData_'.length);
  if (name === child) return named('切换孩子时留下的副本', '是同一个孩子较早的数据，现在的数据已搬');
  const other: OtherChild = {
    child: name,
    diaries: listOf(unpacked(data.diaries)).length + listOf(unpacked(data.diary_drafts)).length,
    tasks: Object.keys(data).reduce((sum, each) => sum + (each.startsWith('tasks_') ? countMarks(unpacked(data[each])) : 0), 0),
    points: isWhole(data.points) ? data.points : 0,
  };
  otherChildren.push(other);
  return named(`另一个孩子 ${name}`, `有 ${other.diaries} 篇日记、${other.tasks} 次完成的任务，请用这个孩子自己的微信搬家`);
}

/** By key: a mood of a day that can be told. */
function readMoods(read: ReadKey, keys: readonly string[]): ImportMood[] {
  const moods: ImportMood[] = [];
  for (const key of keys.filter((each) => each.startsWith('mood_'))) {
    const date = padded(key.slice('mood_'.length));
    const record = bagOf(read(key));
    const mood = lineOf(record.mood).trim();
    if (date !== null && mood !== '') moods.push({ key: key.slice(0, 64), date, mood, isRewarded: record.rewarded === true });
  }
  return moods;
}

/** The most that any balance says; what is no whole number from 0 on says nothing. The records are shown, never counted. */
function readPoints(read: ReadKey): Pick<Harvest, 'claimed' | 'found'> {
  const records = listOf(read('pointsRecords')).filter(isBag);
  const sum = records.reduce(
    (total, { type, amount }) => total + (typeof amount === 'number' ? (type === 'spend' ? -amount : amount) : 0),
    0,
  );
  const found: Bag = {
    points: read('points'),
    userPoints: read('userPoints'),
    totalPoints: read('totalPoints'),
    userInfo: bagOf(read('userInfo')).points,
  };
  const whole = Object.keys(found)
    .map((key) => found[key])
    .filter(isWhole);
  return { claimed: Math.max(0, ...whole), found: { ...found, records: sum } };
}

/** Everything of one child, and an account of every entry of every key. */
export function readLegacy(readStored: ReadKey, keys: readonly string[], options: Options = {}): Harvest {
  const { today = localDay(Date.now()), child = '', dateFor = () => '' } = options;
  const read: ReadKey = (key) => unpacked(readStored(key));
  const moods = readMoods(read, keys);
  const moodOf = (date: string): string => moods.find((each) => each.date === date)?.mood ?? '';
  const { fates: diaryFates, ...diaries } = readDiaries(read, { today, moodOf, dateFor });
  const tasks = readTasks(read, keys, today);
  const { draws, fates: drawFates } = readDraws(listOf(read('lotteryRecords')), listOf(read('prizeList')));
  const { prizes, fates: prizeFates } = readPrizes(listOf(read('prizeList')));
  const harvest: Harvest = {
    ...diaries,
    rules: tasks.rules,
    tasks: tasks.tasks,
    draws,
    moods,
    prizes,
    lotteryCost: null,
    profile: {},
    ...readPoints(read),
    otherChildren: [],
    accounts: [],
    remarks: diaries.remarks.concat(tasks.remarks),
  };
  const reading: Reading = { read, keys, child, harvest, diaries: diaryFates, tasks, draws: drawFates, prizes: prizeFates };
  harvest.accounts = keys.filter((key) => !isOwnKey(key)).map((key) => accountOf(reading, key));
  return harvest;
}

/** A value whose entries cannot be told apart is one entry, and named. */
function accountOf(reading: Reading, key: string): KeyAccount {
  const oldKey = oldKeyOf(key);
  const value = reading.read(key);
  if (oldKey === null)
    return { key, found: oneEntry(value), fates: isEmpty(value) ? [] : [named('不认识的数据', '不是旧版日记的数据，留在手机里')] };
  const found = oldKey.count(value);
  const fates = found === 0 ? [] : oldKey.fates(reading, value, key);
  return { key, found, fates: fates.length === 0 && found === 1 ? [named('旧数据', UNREADABLE)] : [...fates] };
}

/** Changes when the former version has changed what it keeps; what the new version writes for it does not count. */
export function fingerprintOf(readStored: ReadKey, keys: readonly string[]): string {
  const theirs = (key: string): unknown => {
    const value = unpacked(readStored(key));
    const isDraft = key === 'diary_drafts';
    if (!isDraft && key !== 'diaries') return value;
    return listOf(value).filter((entry) => !isBag(entry) || !isText(entry.cloudHash) || !isOurs(entry, writtenOf(entry, isDraft)));
  };
  const known = keys.filter((key) => oldKeyOf(key) && oldKeyOf(key) !== setting && !key.startsWith('userData_'));
  const found = known.sort().map((key) => [key, theirs(key)]);
  return hashText(JSON.stringify(found.filter(([, value]) => !isEmpty(value) && JSON.stringify(value) !== '[]')));
}
