import { expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import type { Access } from '../../shared/contract';
import { action, serve } from '../../shared/runtime/serve';
import { fire, http, newOpenid, ok, send, TODAY, withoutRateLimits } from '../harness';
import { type EveryAction, everyAction } from './functions';

withoutRateLimits();

/** Who may call what. A new action is refused by the first test until it has its row here. */
const table: Record<string, Access> = {
  'login.login': 'public',
  'login.refresh': 'user',
  'login.logout': 'user',
  'user.profile': 'user',
  'user.update': 'user',
  'user.export': 'user',
  'user.erase': 'user',
  'diary.create': 'user',
  'diary.list': 'user',
  'diary.get': 'user',
  'diary.update': 'user',
  'diary.delete': 'user',
  'diary.recordMood': 'user',
  'diary.calendar': 'user',
  'diary.stats': 'user',
  'diary.search': 'user',
  'diary.onThisDay': 'user',
  'diary.neighbours': 'user',
  'diary.related': 'user',
  'task.list': 'user',
  'task.create': 'user',
  'task.update': 'user',
  'task.delete': 'user',
  'task.complete': 'user',
  'task.uncomplete': 'user',
  'points.balance': 'user',
  'points.records': 'user',
  'points.stats': 'user',
  'points.deduct': 'user',
  'points.add': 'operator',
  'lottery.prizes': 'user',
  'lottery.draw': 'user',
  'lottery.records': 'user',
  'lottery.savePrize': 'operator',
  'ai.commentDiary': 'user',
  'ai.generateImage': 'user',
  'ai.job': 'user',
  'ai.work': 'system',
  'ai.pictureChecked': 'public',
  'sync.sync': 'user',
  'sync.home': 'user',
  'sync.import': 'user',
  'sync.verify': 'user',
  'report.week': 'user',
  'report.month': 'user',
  'report.year': 'user',
  'report.poster': 'user',
  'monitor.collect': 'system',
  'monitor.audit': 'system',
  'monitor.health': 'operator',
};

const OPERATOR_OPENID = 'oOperator';
const OPERATOR_TOKEN = 'operator-token-of-the-tests';

type Caller = (each: EveryAction) => Promise<string>;

const codeOf = (envelope: { success: boolean; error?: { code: string } }): string =>
  envelope.success ? 'OK' : (envelope.error?.code ?? '');

const newUser = async (): Promise<{ openid: string; token: string }> => {
  const openid = newOpenid();
  return { openid, token: (await ok(login, openid, 'login')).token };
};

/** One caller of each kind, with the input that the contract itself gives as sendable. */
const callers: Record<string, { may: readonly Access[]; refusal: string; call: Caller }> = {
  nobody: {
    may: ['public'],
    refusal: 'UNAUTHENTICATED',
    call: async ({ main, action, contract }) => codeOf(await send(main, null, action, contract.example)),
  },
  'somebody with a forged token': {
    may: ['public'],
    refusal: 'UNAUTHENTICATED',
    call: async ({ main, action, contract }) => codeOf(await send(main, null, action, contract.example, { token: 'e30.e30.x' })),
  },
  'a user in the mini-program': {
    may: ['public', 'user'],
    refusal: 'FORBIDDEN',
    call: async ({ main, action, contract }) => codeOf(await send(main, (await newUser()).openid, action, contract.example)),
  },
  'a user with a token': {
    may: ['public', 'user'],
    refusal: 'FORBIDDEN',
    call: async ({ main, action, contract }) =>
      codeOf(await send(main, null, action, contract.example, { token: (await newUser()).token })),
  },
  'an operator in the mini-program': {
    may: ['public', 'user', 'operator'],
    refusal: 'FORBIDDEN',
    call: async ({ main, action, contract }) => {
      await ok(login, OPERATOR_OPENID, 'login');
      return codeOf(await send(main, OPERATOR_OPENID, action, contract.example));
    },
  },
  'an operator with a token': {
    may: ['public', 'operator'],
    refusal: 'FORBIDDEN',
    call: async ({ main, action, contract }) => codeOf(await send(main, null, action, contract.example, { token: OPERATOR_TOKEN })),
  },
  'the timer': {
    may: ['public', 'system'],
    refusal: 'FORBIDDEN',
    call: async ({ main, action }) => codeOf(await fire(main, action)),
  },
};

const actions = await everyAction();
// An erased operator would be a stranger to the actions after it.
actions.sort((a, b) => Number(a.name === 'user.erase') - Number(b.name === 'user.erase'));

test('every action there is has a row in the table, with the right its contract names', () => {
  const found = Object.fromEntries(actions.map(({ name, contract }) => [name, contract.access]));
  expect(found).toEqual(Object.fromEntries(actions.map(({ name }) => [name, table[name] ?? 'no row: decide who may call it'])));
});

test.each(Object.entries(callers))('%s reaches what the table opens, and nothing else', async (_, { may, refusal, call }) => {
  const answers: Record<string, string> = {};
  for (const each of actions) {
    const code = await call(each);
    answers[each.name] = code === 'UNAUTHENTICATED' || code === 'FORBIDDEN' ? code : 'let in';
  }
  const expected = actions.map(({ name }) => [name, may.includes(table[name] ?? 'system') ? 'let in' : refusal]);
  // A public action may itself find that nobody is signing in.
  expect(answers).toEqual(Object.fromEntries(expected));
});

test('over HTTP the same table holds, whatever WeChat identity the process still remembers', async () => {
  for (const { name, main, contract } of actions) {
    if (!contract.rest) continue;
    const [method = '', path = ''] = contract.rest.split(' ');
    const answer = await http(
      main,
      method,
      path.replace(/:\w+/g, '1'),
      method === 'GET' || method === 'DELETE' ? {} : { body: contract.example },
    );
    if (table[name] === 'public') continue;
    expect([name, answer.status, answer.body.error.code]).toEqual([name, 401, 'UNAUTHENTICATED']);
  }
});

test('an event that calls itself a timer is nobody’s', async () => {
  for (const { main, contract, action: name } of actions) {
    if (contract.access !== 'system') continue;
    const event = { Type: 'Timer', TriggerName: name, Time: '', Message: '' };
    const answer = await main(event, { time_limit_in_ms: 20_000, environment: '{}' });
    expect(answer).toMatchObject({ success: false });
    expect(codeOf(await send(main, newOpenid(), name))).toBe('FORBIDDEN');
  }
});

const idFields = ['id', 'diaryId'] as const;

test('another user’s id answers exactly like one that does not exist', async () => {
  const alice = await newUser();
  const mallory = await newUser();
  const { diary: hers } = await ok(diary, alice.openid, 'create', { date: TODAY, content: '秘密' });
  for (const { name, main, action: verb, contract } of actions) {
    const field = idFields.find((each) => Object.hasOwn(contract.input.shape, each));
    if (field === undefined || table[name] !== 'user') continue;
    const ask = (id: number) => send(main, mallory.openid, verb, { ...('date' in contract.example ? {} : contract.example), [field]: id });
    const [found, absent] = [await ask(hers.id), await ask(987_654_321)];
    expect([name, { ...found, requestId: '' }]).toEqual([name, { ...absent, requestId: '' }]);
    // Here no AI is configured, which is said before anything is looked for.
    expect([name, codeOf(found)]).toEqual([name, contract.rest?.startsWith('POST /api/ai/') ? 'PROVIDER_ERROR' : 'NOT_FOUND']);
  }
  expect((await ok(diary, alice.openid, 'get', { id: hers.id })).diary).toEqual(hers);
});

test('a function with an action that no right or limit is known for does not start', () => {
  const [{ contract } = { contract: undefined }] = actions;
  if (!contract) throw new Error('there are no actions');
  const unknown = JSON.parse('"everybody"');
  expect(() => serve('x', { y: action({ ...contract, access: unknown }, async () => ({})) })).toThrow('x.y has no row');
  expect(() => serve('x', { y: action({ ...contract, limit: unknown }, async () => ({})) })).toThrow('x.y has no row');
});
