import type { Grant } from '../../shared/import/contract';
import type { MigrationReport } from '../types';
import type { Fate, Harvest, KeyAccount, Remark } from './harvest';
import { profileKey } from './move-profile';
import type { Move } from './progress';
import { asSent, dayKey, itemKey } from './send';

const WHAT = { rules: '任务模板', tasks: '完成的任务', draws: '抽奖记录', moods: '每天的心情', prizes: '奖品' };

/** Null: the entry is in the account. */
type Reason = { what: string; reason: string } | null;

const NOT_SENT = '还没有送到';

/** Why an entry is not in the account. */
function reasonOf(move: Move, fate: Fate): Reason {
  const { done } = move.progress;
  switch (fate.to) {
    case 'known':
      return null;
    case 'named':
      return fate;
    case 'profile': {
      const { status = 'invalid', reason = NOT_SENT } = done[profileKey(fate.field)] ?? {};
      if (status === 'kept-server') return { what: '昵称和头像', reason: '新账号已有自己的，没有覆盖' };
      return status === 'invalid' ? { what: '昵称和头像', reason } : null;
    }
    case 'item': {
      const { status = 'invalid', reason = NOT_SENT } = done[itemKey(fate.kind, fate.item)] ?? {};
      if (status === 'kept-server') return { what: WHAT[fate.kind], reason: '云端已有不同的一份，没有覆盖' };
      return status === 'invalid' ? { what: WHAT[fate.kind], reason } : null;
    }
    case 'days': {
      const outcomes = fate.days.map((day) => done[dayKey(asSent(move, day))] ?? { status: 'invalid', reason: NOT_SENT });
      const refused = outcomes.find(({ status }) => status === 'invalid');
      return refused ? { what: '日记', reason: refused.reason ?? NOT_SENT } : null;
    }
  }
}

/** Each key's entries on the phone, those in the account, and those named in the notes. */
export const tallyOf = (move: Move): MigrationReport['accounts'] =>
  move.harvest.accounts.map(({ key, found, fates }: KeyAccount) => {
    const isNamed = fates.map((fate) => reasonOf(move, fate) !== null);
    return { key, found, moved: isNamed.filter((each) => !each).length, named: isNamed.filter((each) => each).length };
  });

/** Whether every entry is in the account or named. */
export const isWhole = (accounts: MigrationReport['accounts']): boolean =>
  accounts.every(({ found, moved, named }) => found === moved + named);

/** One sentence for each thing and reason. */
function grouped(remarks: readonly Remark[]): Remark[] {
  const groups = new Map<string, Remark>();
  for (const remark of remarks) {
    const key = `${remark.what}\n${remark.reason}`;
    groups.set(key, { ...remark, count: remark.count + (groups.get(key)?.count ?? 0) });
  }
  return [...groups.values()];
}

/** Why the opening balance is what it is. */
export function whyGranted(claimed: number, { explained, days, granted, waiting, isFirst }: Grant): string {
  if (!isFirst) return '积分只发放一次，之前已经发过了';
  if (granted + waiting === claimed)
    return waiting > 0 ? `先发放 ${granted} 分，另外 ${waiting} 分等家长确认` : '手机上的积分都能由记录说明';
  if (waiting > 0) return `先发放 ${granted} 分，另外 ${waiting} 分等家长确认；其余的没有记录能说明`;
  if (explained < claimed) return `搬来的日记、心情和任务一共能说明 ${explained} 分`;
  if (days * 100 < claimed) return `搬来的记录有 ${days} 天，每天最多 100 分`;
  return '新账号里已有的积分不重复发放，总数也有上限';
}

export function notesOf(move: Move, grant: Grant | undefined, missing: number): MigrationReport['notes'] {
  const { harvest } = move;
  const named = ([] as Fate[])
    .concat(...harvest.accounts.map(({ fates }) => fates))
    .map((fate) => reasonOf(move, fate))
    .filter((reason): reason is NonNullable<Reason> => reason !== null)
    .map(({ what, reason }) => ({ what, count: 1, reason }));
  return grouped([...named, ...harvest.remarks, ...remarksOf(harvest, grant, missing)]);
}

function remarksOf(harvest: Harvest, grant: Grant | undefined, missing: number): Remark[] {
  const remarks: Remark[] = [];
  if (missing > 0) remarks.push({ what: '图片', count: missing, reason: '图片已不在手机上，或者超过一天 30 张，或者来自不能使用的网址' });
  const prizes = harvest.prizes.length;
  if (prizes > 0 || harvest.lotteryCost !== null) {
    remarks.push({ what: '自定义的奖品和抽奖花费', count: Math.max(1, prizes), reason: '先存着，家长确认后才会启用' });
  }
  if (grant && grant.granted < harvest.claimed) {
    remarks.push({ what: '积分', count: harvest.claimed - grant.granted, reason: whyGranted(harvest.claimed, grant) });
  }
  return remarks;
}
