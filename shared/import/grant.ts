/** A phone keeps its own score; what it can show for it bounds what is believed. */
const PER_DIARY = 10;
const PER_DAY = 100;
/** The part above waits for a guardian. */
const AT_ONCE = 3_000;

/** What a phone's balance rests on. */
export interface Evidence {
  /** As the phone says. */
  claimed: number;
  /** Imported published days. */
  diaries: number;
  /** What the phone paid for imported moods and done tasks. */
  earned: number;
  /** Imported days with an entry of any kind. */
  days: number;
  /** What the account held when its first import began. */
  held: number;
}

/** The points that the former version's own rules explain: 10 per diary day, and what moods and tasks paid. */
export const explainedBy = ({ diaries, earned }: Pick<Evidence, 'diaries' | 'earned'>): number => PER_DIARY * diaries + earned;

/** What a phone's history is worth: paid at once, and left for a guardian to accept. `most`: MIGRATION_POINTS_MAX. */
export function worthOf(evidence: Evidence, most: number): { granted: number; waiting: number } {
  const { claimed, days, held } = evidence;
  const worth = Math.max(0, Math.min(claimed, explainedBy(evidence), PER_DAY * days, most) - held);
  const granted = Math.min(worth, AT_ONCE);
  return { granted, waiting: worth - granted };
}

/** A number of points as a phone may have left it; anything but a whole number from 0 is nothing. */
export const wholePoints = (value: unknown): number => (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0);
