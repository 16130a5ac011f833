import type { InvokeBody } from './gateway/requests';

/** The child that the page and the example offer to look at. */
export const demoChild = 'oDemo';

const DAYS = 56;
const DAY_MS = 86_400_000;
const SHANGHAI_MS = 8 * 3_600_000;

const texts = [
  '今天和妈妈去公园，小鸭子排着队过马路，最小的那只总是掉队。',
  '体育课学跳绳，我连着跳了三十二个，同桌数的。',
  '外婆寄来一箱橘子，分给同桌两个，他说比超市的甜。',
  '数学测验有一道题想了很久，最后想出来了。',
  '下雨，放学没带伞，爸爸来接我，我们共用一把伞，两个人都湿了半边。',
  '读完了《夏洛的网》。夏洛很小，可是她帮了威尔伯一个大忙。',
  '和小刚吵架了，后来他把橡皮借给我，我们就和好了。',
  '第一次自己煎鸡蛋，有点糊，可是我都吃完了。',
  '晚上停电，我们点蜡烛讲故事，来电的时候我还有点舍不得。',
  '种的绿豆发芽了，像一个小问号。',
  '练琴练到第三行老是错，妈妈说慢一点，慢下来就对了。',
  '在图书馆借了一本讲鲸鱼的书，蓝鲸的心脏有一辆小车那么大。',
  '今天当值日生，黑板擦得很干净，老师说谢谢我。',
  '爷爷教我下象棋，我用马吃了他的炮，他哈哈大笑。',
];
const moods = ['happy', 'calm', 'excited', 'grateful', 'tired', 'happy', 'worried', 'sad'];
const weathers = ['sunny', 'cloudy', 'rainy', 'sunny', 'windy'];
const tags = [['家人'], ['学校'], ['朋友'], ['读书'], []];

/** Days without a diary, counted back from today: the longest streak is not the current one. */
const missed = new Set([6, 19, 20, 34, 47]);

type Invoke = (functionName: string, body: InvokeBody) => Promise<{ result: unknown }>;

interface Answer {
  success: boolean;
  data?: unknown;
  error?: { code: string; message: string };
}

export interface DemoSummary {
  diaries: number;
  tasks: number;
  draws: number;
  points: number;
}

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/**
 * Eight weeks of a child who writes most evenings, does tasks and draws on Sundays, told to the functions day by day with their clock moved.
 * Safe to repeat: each call has a request id of its day.
 */
export async function seedDemo(invoke: Invoke, now = new Date()): Promise<DemoSummary> {
  const summary: DemoSummary = { diaries: 0, tasks: 0, draws: 0, points: 0 };
  await ask(invoke, 'login', 'login', {}, { now: new Date(now.getTime() - DAYS * DAY_MS).toISOString() });
  await ask(invoke, 'user', 'update', { nickname: '示例孩子' }, { now: now.toISOString() });
  for (let ago = DAYS - 1; ago >= 0; ago -= 1) await liveOneDay(invoke, now, ago, summary);
  const { points } = (await ask(invoke, 'user', 'profile', {}, { now: now.toISOString() })) as { points: number };
  return { ...summary, points };
}

async function liveOneDay(invoke: Invoke, now: Date, ago: number, summary: DemoSummary): Promise<void> {
  const day = new Date(now.getTime() + SHANGHAI_MS - ago * DAY_MS).toISOString().slice(0, 10);
  // In the evening, but never after now.
  const evening = new Date(Math.min(Date.parse(`${day}T12:30:00Z`), now.getTime())).toISOString();
  const at = (what: string) => ({ now: evening, requestId: `demo-${day}-${what}` });
  const index = Math.floor(Date.parse(day) / DAY_MS);
  if (!missed.has(ago)) {
    const fields = { mood: pick(moods, index * 3), weather: pick(weathers, index), tags: pick(tags, index) };
    const written = await ask(invoke, 'diary', 'create', { date: day, content: pick(texts, index), ...fields }, at('diary'));
    if (written) summary.diaries += 1;
  }
  const listed = (await ask(invoke, 'task', 'list', { date: day }, { now: evening })) as { tasks: { id: number; isCompleted: boolean }[] };
  for (const [place, { id, isCompleted }] of listed.tasks.entries()) {
    if (isCompleted || (index + place) % 3 === 0) continue;
    if (await ask(invoke, 'task', 'complete', { id }, at(`task-${place}`))) summary.tasks += 1;
  }
  if (index % 7 === 3 && (await ask(invoke, 'lottery', 'draw', {}, at('draw')))) summary.draws += 1;
}

/** A day that was lived before is left as it is. */
const repeated = new Set(['DIARY_EXISTS', 'TASK_ALREADY_COMPLETED', 'IDEMPOTENCY_MISMATCH', 'POINTS_INSUFFICIENT', 'LOTTERY_EMPTY']);

async function ask(
  invoke: Invoke,
  functionName: string,
  action: string,
  data: object,
  { now, requestId }: { now: string; requestId?: string },
): Promise<unknown> {
  const event = { action, data, ...(requestId !== undefined && { requestId }) };
  const { result } = await invoke(functionName, { as: { openid: demoChild }, now, data: event });
  const answer = result as Answer;
  if (answer.success) return answer.data;
  if (repeated.has(answer.error?.code ?? '')) return null;
  throw new Error(`${functionName}.${action} answered ${answer.error?.code ?? JSON.stringify(result)}`);
}
