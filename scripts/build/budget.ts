/** Kilobytes (1,000 bytes) a bundle may weigh. What a cold start reads is paid by the first caller after every quiet hour. */
export const budgetsKb: Readonly<Record<string, number>> = {
  login: 500,
  user: 560,
  diary: 540,
  task: 500,
  points: 500,
  report: 500,
  family: 500,
  lottery: 500,
  ai: 580,
  sync: 610,
  monitor: 520,
  'growth-diary.js': 66,
  'growth-diary-migration.js': 36,
};

const defaultBudgetKb = 500;

/** One sentence for each bundle that is over its budget; none when all fit. */
export function overBudget(
  bundles: readonly { name: string; bytes: number }[],
  budgets: Readonly<Record<string, number>> = budgetsKb,
): string[] {
  return bundles.flatMap(({ name, bytes }) => {
    const limit = budgets[name] ?? defaultBudgetKb;
    const size = bytes / 1000;
    return size > limit ? [`${name} weighs ${size.toFixed(1)} KB, its budget is ${limit} KB (scripts/build/budget.ts)`] : [];
  });
}
