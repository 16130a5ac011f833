import type { Week } from './contract';
import type { Figures } from './figures';
import type { ReportFacts } from './queries';

type Highlight = Week['highlights'][number];

/** The first text whose condition holds. */
const first = (...choices: [condition: boolean, text: string][]): string | null => choices.find(([condition]) => condition)?.[1] ?? null;

/** What went well, the most telling first. */
export function highlightsOf(figures: Figures, { diaries, moods }: ReportFacts, end: string): Highlight[] {
  const { streakDays, completionRate, completedTasks, totalTasks, pointsEarned, diaryCount } = figures;
  const long = diaries.filter(({ characters }) => characters > 200).length;
  const found: (Omit<Highlight, 'date'> | null)[] = [
    streakDays >= 3
      ? {
          id: 'streak',
          icon: streakDays >= 7 ? '🏆' : '🔥',
          title: `连续写了${streakDays}天`,
          description: first([streakDays >= 7, '坚持不懈，好习惯已经养成'], [true, '每天记录，正在养成好习惯']) ?? '',
        }
      : null,
    totalTasks >= 5 && completionRate >= 80
      ? { id: 'tasks', icon: '⭐', title: `任务完成率${completionRate}%`, description: `一共完成了${completedTasks}个任务` }
      : completedTasks >= 3
        ? { id: 'tasks', icon: '✅', title: `完成${completedTasks}个任务`, description: '每完成一个，都是一次进步' }
        : null,
    pointsEarned > 0
      ? {
          id: 'points',
          icon: pointsEarned >= 100 ? '💎' : '🪙',
          title: `获得${pointsEarned}积分`,
          description: first([pointsEarned >= 100, '积分破百，值得庆祝'], [true, '每一分都是努力换来的']) ?? '',
        }
      : null,
    diaryCount >= 3 ? { id: 'diaries', icon: '📝', title: `写了${diaryCount}篇日记`, description: '把生活里的小事都留了下来' } : null,
    long > 0 ? { id: 'long', icon: '✍️', title: '写了长日记', description: `有${long}篇超过200字` } : null,
    moods.length >= 3 ? { id: 'moods', icon: '😊', title: '记录心情', description: `记下了${moods.length}次心情` } : null,
  ];
  return found.flatMap((each) => (each === null ? [] : [{ ...each, date: end }]));
}

/** What could be tried next; at most five. */
export function suggestionsOf(figures: Figures, { diaries, moods }: ReportFacts): string[] {
  const { diaryCount, completionRate, totalTasks, pointsEarned, streakDays } = figures;
  const hasPictures = diaries.some(({ images }) => images.length > 0);
  const choices: [condition: boolean, text: string][] = [
    [diaryCount === 0, '从一句话开始，写下今天最开心的事'],
    [diaryCount > 0 && diaryCount < 3, '试试隔一天写一篇日记'],
    [diaryCount >= 5, '日记写得很勤，可以试着写写为什么'],
    [totalTasks > 0 && completionRate < 50, '任务有点多时，先挑一件最想做的完成'],
    [totalTasks > 0 && completionRate >= 80, '任务完成得很好，可以加一个新的小挑战'],
    [totalTasks === 0, '给自己定一个每天都能做到的小任务'],
    [diaryCount > 0 && moods.length === 0, '写日记时选一个心情，以后会很有意思'],
    [diaryCount > 0 && !hasPictures, '拍一张照片放进日记里'],
    [streakDays >= 7, '连续写了一周，和家人分享一篇吧'],
    [pointsEarned >= 50, '积分攒了不少，和爸爸妈妈商量换什么'],
  ];
  return choices.flatMap(([condition, text]) => (condition ? [text] : [])).slice(0, 5);
}
