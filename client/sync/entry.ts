import type { ConflictPolicy, Mutation, MutationType } from '../../shared/sync/contract';
import type { Bag } from '../platform/text';
import type { Meta } from './meta';

/** What is to be done, before it has a number. */
export interface Intent {
  type: MutationType;
  args: Bag;
  baseRev?: number;
  prev?: number;
  policy: ConflictPolicy;
  modifiedAt: string;
  /** The key this takes the place of; a start that finds both drops that one. */
  from?: string;
  /** The task's id on this phone, where a queued mutation makes it. */
  local?: number;
  /** The id that the task behind `args.ref` turned out to have. */
  task?: number;
}

export interface Entry extends Intent {
  clientId: string;
  mid: number;
  /** Of a diary: the `version` that pages see while this change is the latest. Below 0, and another one for each edit. */
  version?: number;
}

/** The change writes the text of a day. */
export const writesDiary = (type: MutationType): boolean => type === 'diary.put' || type === 'diary.append';

/** Room for the envelope is left of the 100 KB that one call may carry. */
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
