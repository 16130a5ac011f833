import type { ConflictPolicy, Mutation, MutationType } from '../../shared/sync/contract';
import type { Bag } from '../platform/text';
import type { Meta } from './meta';

/** A change before it has a number. */
export interface Intent {
  type: MutationType;
  args: Bag;
  baseRev?: number;
  prev?: number;
  policy: ConflictPolicy;
  modifiedAt: string;
  /** The key that this entry replaces; a start that finds both removes that one. */
  from?: string;
  /** Local id of the task that a queued mutation creates. */
  local?: number;
  /** Server id of the task that `args.ref` refers to. */
  task?: number;
}

export interface Entry extends Intent {
  clientId: string;
  mid: number;
  /** The local `version` of a diary while this change is the latest. Below 0, and new for each edit. */
  version?: number;
}

/** Whether the change writes the text of a day. */
export const writesDiary = (type: MutationType): boolean => type === 'diary.put' || type === 'diary.append';

/** Of the 100 KB that one call may carry, some are left for the envelope. */
export const MAX_CALL_BYTES = 90_000;

export const nameOf = ({ clientId, mid }: { clientId: string; mid: number }): string => `${clientId}:${`000000000${mid}`.slice(-10)}`;
export const keyOf = (entry: Entry): string => `out:${nameOf(entry)}`;

export const toMutation = ({ mid, type, args, baseRev = 0, prev = 0, policy, modifiedAt }: Entry): Mutation => ({
  mid,
  type,
  args,
  baseRev,
  prev,
  policy,
  modifiedAt,
});

export const nextMid = (list: readonly Entry[], { ack, sent }: Meta): number => Math.max(ack, sent, list[list.length - 1]?.mid ?? 0) + 1;
