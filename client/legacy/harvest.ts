import type { ImportDay, ImportDraw, ImportMood, ImportPrize, ImportRule, ImportTask } from '../../shared/import/contract';
import type { Bag } from '../platform/text';

/**
 * - `day`     the first text of a date, or the first 10,000 characters of it
 * - `page`    what goes beyond them; stands beside the day
 * - `draft`   a draft beside the published text of its date; stands beside the day
 * - `future`  a text of a date that has not come; a draft of today
 */
export type Role = 'day' | 'page' | 'draft' | 'future';

export interface PhoneDay extends ImportDay {
  role: Role;
}

interface Items {
  rules: ImportRule[];
  tasks: ImportTask[];
  draws: ImportDraw[];
  moods: ImportMood[];
  prizes: ImportPrize[];
}

export type ItemKind = keyof Items;

export type ProfileField = 'nickname' | 'avatar';

/**
 * What becomes of one entry:
 * - `days`     it is in all of them
 * - `item`     it is this one
 * - `profile`  nickname or avatar
 * - `known`    it says what another entry says, or what the opening balance answers
 * - `named`    it stays on the phone; the report says why
 */
export type Fate =
  | { to: 'days'; days: readonly PhoneDay[] }
  | { to: 'item'; kind: ItemKind; item: Items[ItemKind][number] }
  | { to: 'profile'; field: ProfileField }
  | { to: 'known' }
  | { to: 'named'; what: string; reason: string };

/** A sentence of the report about something that is no entry of its own, or that came over changed. */
export interface Remark {
  what: string;
  count: number;
  reason: string;
}

/** One key of the former version: how many entries it holds, and what becomes of each. */
export interface KeyAccount {
  key: string;
  found: number;
  fates: Fate[];
}

export interface OtherChild {
  child: string;
  diaries: number;
  tasks: number;
  points: number;
}

export interface Harvest extends Items {
  /** Entries with a text. */
  texts: number;
  /** By date, the first text of each before what stands beside it; pictures as the phone knows them. */
  days: PhoneDay[];
  merged: { date: string; texts: number }[];
  /** Texts of no known day. */
  undated: number;
  lotteryCost: number | null;
  profile: Partial<Record<ProfileField, string>>;
  claimed: number;
  /** The balances as they were found, and the sum of the records. */
  found: Bag;
  otherChildren: OtherChild[];
  accounts: KeyAccount[];
  remarks: Remark[];
}

export const named = (what: string, reason: string): Fate => ({ to: 'named', what, reason });
export const KNOWN: Fate = { to: 'known' };
export const UNREADABLE = '格式看不懂，留在手机里';
