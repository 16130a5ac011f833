import type * as z from 'zod';
import { earliest } from '../clock';
import type { UserContext } from '../runtime/context';
import { visiblePictures } from '../safety/pictures';
import type { Month, monthly, poster, Week, week, Year, yearly } from './contract';
import { categoriesOf, changeOf, type Figures, figuresOf, longestRun, moodOf, moodsOf, sum } from './figures';
import { dayFrom, daysOf, monthBefore, monthOf, type Period, weekBefore, weekOf, yearOf } from './period';
import { bestDiaries, levelsOf, timelineOf } from './picks';
import { posterOf } from './poster';
import { type DiaryFacts, type ReportFacts, type ReportQuery, selectReport } from './queries';
import { highlightsOf, suggestionsOf } from './sentences';
import { keywordsOf } from './words';

const KEYWORDS = 15;

interface Facts {
  facts: ReportFacts;
  figures: Figures;
  end: string;
  /** False for a guardian with an account of their own while the child does not share the diary: then no word of it is in `facts`. */
  showsDiaries: boolean;
}

const withoutWords = (diary: DiaryFacts): DiaryFacts => ({ ...diary, excerpt: '', images: [], tags: [] });

async function factsOf(ctx: UserContext, query: Omit<ReportQuery, 'end'>): Promise<Facts> {
  const end = earliest(query.period.to, ctx.today);
  const found = await selectReport(ctx.db, ctx, { ...query, end });
  const showsDiaries = ctx.caller.userId === ctx.userId || found.account.sharesDiary === 1;
  const facts = showsDiaries ? found : { ...found, diaries: found.diaries.map(withoutWords) };
  return { facts, figures: figuresOf(facts, query.period, ctx.today), end, showsDiaries };
}

export async function getWeek(ctx: UserContext, { start }: z.output<typeof week.input>): Promise<Week> {
  const period = weekOf(start === undefined ? ctx.today : dayFrom(start));
  const { facts, figures, end, showsDiaries } = await factsOf(ctx, { period, previous: weekBefore(period), by: 'day', excerpt: 80 });
  const best = showsDiaries ? bestDiaries(facts.diaries) : [];
  const isVisible = await visiblePictures(
    ctx,
    best.flatMap(({ images }) => images),
  );
  const earned = new Map(facts.points.map((row) => [row.at, row.earned]));
  return {
    ...figures,
    pointsByDay: daysOf(period).map((day) => earned.get(day) ?? 0),
    moods: moodsOf(facts.moods),
    taskCategories: categoriesOf(facts.tasks),
    highlights: showsDiaries ? highlightsOf(figures, facts, end).slice(0, 3) : [],
    diaries: best.map((diary) => ({ ...diary, images: diary.images.filter(isVisible) })),
    suggestions: period.from > ctx.today ? [] : suggestionsOf(figures, facts),
    goals: facts.goals,
    change: changeOf(facts, figures),
  };
}

/** What reports of a month and of a year have in common. */
function longReport(facts: ReportFacts, figures: Figures, end: string, today: string) {
  const change = changeOf(facts, figures);
  return {
    ...figures,
    totalPoints: figures.from > today ? 0 : facts.account.balance,
    mood: moodOf(facts.moods),
    categories: categoriesOf(facts.tasks),
    keywords: keywordsOf(
      facts.diaries.map(({ excerpt }) => excerpt),
      facts.account.nickname,
      KEYWORDS,
    ),
    maxStreak: longestRun(facts.diaries.map(({ date }) => date)),
    achievements: highlightsOf(figures, facts, end),
    diaryChange: change.diaries,
    taskChange: change.tasks,
    pointsChange: change.points,
  };
}

async function monthReport(ctx: UserContext, month: string): Promise<{ report: Month; nickname: string }> {
  const period = monthOf(month);
  const { facts, figures, end, showsDiaries } = await factsOf(ctx, { period, previous: monthBefore(period), by: 'day', excerpt: 2_000 });
  const report = {
    month,
    ...longReport(facts, figures, end, ctx.today),
    timeline: timelineOf(facts).filter(({ type }) => showsDiaries || type !== 'diary'),
    days: levelsOf(facts, period),
  };
  return { report, nickname: facts.account.nickname };
}

export async function getMonth(ctx: UserContext, { month = ctx.today.slice(0, 7) }: z.output<typeof monthly.input>): Promise<Month> {
  return (await monthReport(ctx, month)).report;
}

export async function getPoster(
  ctx: UserContext,
  { month = ctx.today.slice(0, 7) }: z.output<typeof poster.input>,
): Promise<{ month: string; svg: string }> {
  const { report, nickname } = await monthReport(ctx, month);
  return { month, svg: posterOf(report, nickname) };
}

const monthsOf = (year: number): string[] => Array.from({ length: 12 }, (_, index) => `${year}-${String(index + 1).padStart(2, '0')}`);

function monthRow({ diaries, tasks, points }: ReportFacts, month: string): Year['months'][number] {
  const ofMonth = tasks.filter(({ at }) => at === month);
  const { earned = 0, spent = 0 } = points.find(({ at }) => at === month) ?? {};
  return {
    month,
    diaryCount: diaries.filter(({ date }) => date.startsWith(month)).length,
    completedTasks: sum(ofMonth, ({ completed }) => completed),
    totalTasks: sum(ofMonth, ({ total }) => total),
    pointsEarned: earned,
    pointsSpent: spent,
  };
}

export async function getYear(ctx: UserContext, input: z.output<typeof yearly.input>): Promise<Year> {
  const year = input.year ?? Number(ctx.today.slice(0, 4));
  const period: Period = yearOf(year);
  const { facts, figures, end } = await factsOf(ctx, { period, previous: yearOf(year - 1), by: 'month', excerpt: 2_000 });
  return { year, ...longReport(facts, figures, end, ctx.today), months: monthsOf(year).map((month) => monthRow(facts, month)) };
}
