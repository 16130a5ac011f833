import { logLine } from './log';

/** What users do with the product: the event of each action, and the fields of its answer that are logged with it. */
const behaviours: Readonly<Record<string, { event: string; fields: Readonly<Record<string, string>> }>> = {
  'login.login': { event: 'signed-in', fields: { user: 'userInfo.id', isNew: 'isNewUser' } },
  'login.logout': { event: 'signed-out', fields: {} },
  'user.erase': { event: 'account-erased', fields: {} },
  'user.export': { event: 'account-exported', fields: {} },
  'diary.create': { event: 'diary-written', fields: { diary: 'diary.id', isDraft: 'diary.isDraft', points: 'reward.points' } },
  'diary.update': { event: 'diary-changed', fields: { diary: 'diary.id', isDraft: 'diary.isDraft', points: 'reward.points' } },
  'diary.delete': { event: 'diary-deleted', fields: { diary: 'id' } },
  'task.create': { event: 'task-made', fields: { task: 'task.id' } },
  'task.complete': { event: 'task-completed', fields: { task: 'task.id', points: 'points.awarded', isCapped: 'points.capped' } },
  'task.uncomplete': { event: 'task-reopened', fields: { task: 'task.id', points: 'points.returned' } },
  'points.add': { event: 'points-granted', fields: { record: 'record.id', amount: 'record.amount', balance: 'points' } },
  'points.deduct': { event: 'points-spent', fields: { record: 'record.id', amount: 'record.amount', balance: 'points' } },
  'lottery.draw': {
    event: 'prize-drawn',
    fields: { draw: 'draw.id', isWinner: 'draw.isWinner', prize: 'draw.prize.id', points: 'points' },
  },
  'ai.commentDiary': { event: 'comment-asked', fields: { job: 'job.id' } },
  'ai.generateImage': { event: 'picture-asked', fields: { job: 'job.id' } },
  'sync.sync': { event: 'synced', fields: { results: 'results.length', changes: 'changes.length' } },
  'sync.import': { event: 'imported', fields: {} },
};

const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (found, name) => (typeof found === 'object' && found !== null ? Object.getOwnPropertyDescriptor(found, name)?.value : undefined),
      value,
    );

const isNumberOrFlag = (value: unknown): value is number | boolean => typeof value === 'number' || typeof value === 'boolean';

/** Logs one line for an action that changed something: numbers and flags only, so that no text of a child is logged. */
export function logBehaviour(action: string, who: { user?: number; requestId: string }, answer: unknown): void {
  const behaviour = behaviours[action];
  if (!behaviour) return;
  const facts = Object.entries(behaviour.fields).map(([name, path]) => [name, at(answer, path)] as const);
  logLine('behaviour', {
    event: behaviour.event,
    ...who,
    ...Object.fromEntries(facts.filter(([, value]) => isNumberOrFlag(value))),
  });
}
