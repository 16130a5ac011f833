import { afterAll, expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as family } from '../../functions/family/index';
import { main as login } from '../../functions/login/index';
import { main as user } from '../../functions/user/index';
import type { Access } from '../../shared/contract';
import { type Envelope, errorKinds } from '../../shared/errors';
import { action, serve } from '../../shared/runtime/serve';
import { guardianOf, newGuarded } from '../family';
import { fire, http, newChild, newOpenid, ok, select, send, TODAY, withoutRateLimits } from '../harness';
import { type EveryAction, everyAction } from './functions';

withoutRateLimits();

/** Who may call what. A new action is refused by the first test until it has its row here. */
const table: Record<string, Access> = {
  'login.login': 'public',
  'login.refresh': 'user',
  'login.logout': 'user',
  'user.profile': 'user',
  'user.update': 'user',
  'user.uploadUrl': 'user',
  'user.consent': 'gated',
  'user.consents': 'user',
  'user.export': 'gated',
  'user.erase': 'gated',
  'diary.create': 'user',
  'diary.list': 'user',
  'diary.get': 'user',
  'diary.update': 'user',
  'diary.delete': 'user',
  'diary.recordMood': 'user',
  'diary.calendar': 'user',
  'diary.stats': 'user',
  'diary.search': 'user',
  'diary.append': 'user',
  'diary.history': 'user',
  'diary.trash': 'user',
  'diary.restore': 'user',
  'diary.onThisDay': 'user',
  'diary.neighbours': 'user',
  'diary.related': 'user',
  'task.list': 'user',
  'task.create': 'user',
  'task.update': 'user',
  'task.delete': 'user',
  'task.get': 'user',
  'task.approve': 'guardian',
  'task.reject': 'guardian',
  'task.hideSystem': 'guardian',
  'task.complete': 'user',
  'task.uncomplete': 'user',
  'points.balance': 'user',
  'points.records': 'user',
  'points.stats': 'user',
  'points.deduct': 'user',
  'points.bonus': 'guardian',
  'points.add': 'operator',
  'lottery.prizes': 'user',
  'lottery.draw': 'user',
  'lottery.records': 'user',
  'lottery.config': 'user',
  'lottery.setConfig': 'guardian',
  'lottery.savePrizes': 'guardian',
  'lottery.resetPrizes': 'guardian',
  'lottery.redeem': 'guardian',
  'lottery.savePrize': 'operator',
  'ai.commentDiary': 'user',
  'ai.likeComment': 'user',
  'ai.generateImage': 'user',
  'ai.job': 'user',
  'ai.work': 'system',
  'ai.pictureChecked': 'public',
  'sync.sync': 'user',
  'sync.home': 'user',
  'sync.import': 'user',
  'sync.verify': 'user',
  'family.setPin': 'user',
  'family.unlock': 'user',
  'family.lock': 'user',
  'family.resetPin': 'user',
  'family.cancelReset': 'user',
  'family.invite': 'guardian',
  'family.join': 'user',
  'family.members': 'user',
  'family.leave': 'user',
  'family.remove': 'guardian',
  'family.log': 'user',
  'family.inbox': 'guardian',
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

const codeOf = (envelope: { success: boolean; error?: { code: string } }): string =>
  envelope.success ? 'OK' : (envelope.error?.code ?? '');

type Outcome = 'let in' | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'GUARDIAN_REQUIRED' | 'NOT_FOUND';

interface Caller {
  expected(access: Access): Outcome;
  call(each: EveryAction): Promise<string>;
}

const allows =
  (refusal: Outcome, ...may: readonly Access[]) =>
  (access: Access): Outcome =>
    may.includes(access) ? 'let in' : refusal;

/** An account is let in to guardian actions only with a guardian token, once its PIN is set. */
const allowsAccount =
  (withoutGuardian: readonly Access[], ...may: readonly Access[]) =>
  (access: Access): Outcome =>
    withoutGuardian.includes(access) ? 'GUARDIAN_REQUIRED' : may.includes(access) ? 'let in' : 'FORBIDDEN';

const ACCOUNT = ['public', 'user', 'gated', 'guardian'] as const;

/** With the input that the contract itself gives as sendable; without a PIN, which would be tried. */
const exampleOf = ({ contract }: EveryAction): object => contract.example;

/** One caller of each kind. */
const callers: Record<string, Caller> = {
  nobody: {
    expected: allows('UNAUTHENTICATED', 'public'),
    call: async (each) => codeOf(await send(each.main, null, each.action, exampleOf(each))),
  },
  'somebody with a forged token': {
    expected: allows('UNAUTHENTICATED', 'public'),
    call: async (each) => codeOf(await send(each.main, null, each.action, exampleOf(each), { token: 'e30.e30.x' })),
  },
  'a child without a PIN, in the mini-program': {
    expected: allowsAccount(['guardian'], ...ACCOUNT),
    call: async (each) => codeOf(await send(each.main, (await newChild()).openid, each.action, exampleOf(each))),
  },
  'a child without a PIN, with a token': {
    expected: allowsAccount(['guardian'], ...ACCOUNT),
    call: async (each) => codeOf(await send(each.main, null, each.action, exampleOf(each), { token: (await newChild()).token })),
  },
  'a child at a locked gate': {
    expected: allowsAccount(['guardian', 'gated'], ...ACCOUNT),
    call: async (each) => codeOf(await send(each.main, (await newGuarded()).openid, each.action, exampleOf(each))),
  },
  'a child at a gate that a guardian unlocked': {
    expected: allowsAccount([], ...ACCOUNT),
    call: async (each) => {
      const { openid, guardianToken } = await newGuarded();
      return codeOf(await send(each.main, openid, each.action, exampleOf(each), { guardianToken }));
    },
  },
  'a child with the guardian token of another child': {
    expected: allowsAccount(['guardian', 'gated'], ...ACCOUNT),
    call: async (each) => {
      const [{ openid }, { guardianToken }] = [await newGuarded(), await newGuarded()];
      return codeOf(await send(each.main, openid, each.action, exampleOf(each), { guardianToken }));
    },
  },
  'an operator in the mini-program': {
    expected: allowsAccount(['guardian'], ...ACCOUNT, 'operator'),
    call: async (each) => {
      const { userInfo } = await ok(login, OPERATOR_OPENID, 'login');
      // One account for all actions: an example may have set its PIN.
      await select('DELETE FROM guardian_gates WHERE user_id = ?', [userInfo.id]);
      return codeOf(await send(each.main, OPERATOR_OPENID, each.action, exampleOf(each)));
    },
  },
  'an operator with a token': {
    expected: allows('FORBIDDEN', 'public', 'operator'),
    call: async (each) => codeOf(await send(each.main, null, each.action, exampleOf(each), { token: OPERATOR_TOKEN })),
  },
  'the timer': {
    expected: allows('FORBIDDEN', 'public', 'system'),
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

const REFUSALS: readonly string[] = ['UNAUTHENTICATED', 'FORBIDDEN', 'GUARDIAN_REQUIRED'];
const outcomeOf = (code: string): string => (REFUSALS.includes(code) ? code : 'let in');

/** action → caller → outcome, as the tests below find it. */
const found: Record<string, Record<string, string>> = {};
const note = (action: string, caller: string, outcome: string): void => {
  found[action] = { ...found[action], [caller]: outcome };
};
afterAll(() => {
  console.table(found);
});

test.each(Object.entries(callers))('%s reaches what the table opens, and nothing else', async (name, { expected, call }) => {
  const answers: Record<string, string> = {};
  for (const each of actions) {
    const outcome = outcomeOf(await call(each));
    answers[each.name] = outcome;
    note(each.name, name, outcome);
  }
  // Public actions may themselves find that nobody is signing in; a PIN cannot be tried where none is set.
  const own: Record<string, string> = { 'family.unlock': 'GUARDIAN_REQUIRED', 'family.cancelReset': 'GUARDIAN_REQUIRED' };
  const hasPin = name.includes('gate') || name.includes('guardian token');
  const wanted = actions.map(({ name: action, contract }) => {
    const outcome = expected(table[action] ?? 'system');
    return [action, outcome === 'let in' && contract.access === 'user' && !hasPin ? (own[action] ?? outcome) : outcome];
  });
  expect(answers).toEqual(Object.fromEntries(wanted));
});

/** Somebody who names a child that is not their own account. */
const others: Record<string, { make(): Promise<{ openid: string; guardianToken: string; childId: number }>; expected: string }> = {
  'a guardian with an account of their own': {
    make: async () => {
      const child = await newGuarded();
      await ok(user, child.openid, 'update', { settings: { shareDiary: true } });
      return { ...(await guardianOf(child)), childId: child.userId };
    },
    expected: 'let in',
  },
  'a stranger': {
    make: async () => ({ ...(await newGuarded()), childId: (await newGuarded()).userId }),
    expected: 'NOT_FOUND',
  },
  'a former guardian': {
    make: async () => {
      const child = await newGuarded();
      const guardian = await guardianOf(child);
      await ok(family, guardian.openid, 'leave', { childId: child.userId });
      return { ...guardian, childId: child.userId };
    },
    expected: 'NOT_FOUND',
  },
  'a guardian of another child': {
    make: async () => ({ ...(await guardianOf(await newGuarded())), childId: (await newGuarded()).userId }),
    expected: 'NOT_FOUND',
  },
};

/** What the example itself leads to on an account that has nothing: told from a refusal of the child by its sentence. */
const isChildUnknown = (envelope: Envelope): boolean =>
  !envelope.success && envelope.error.code === 'NOT_FOUND' && envelope.error.message === errorKinds.NOT_FOUND.message;

test.each(Object.entries(others))(
  '%s reaches a child by childId or gets NOT_FOUND, in every function',
  async (name, { make, expected }) => {
    for (const { name: action, main, contract, action: verb } of actions) {
      if (contract.forChild === undefined) continue;
      const { openid, guardianToken, childId } = await make();
      const envelope = await send(main, openid, verb, { ...contract.example, childId }, { guardianToken });
      const outcome = isChildUnknown(envelope) && expected === 'NOT_FOUND' ? 'NOT_FOUND' : outcomeOf(codeOf(envelope));
      note(action, name, outcome);
      expect([action, outcome]).toEqual([action, expected]);
    }
  },
);

test('an action takes childId exactly where its contract says for whom', () => {
  for (const { name, contract } of actions)
    expect([name, Object.hasOwn(contract.input.shape, 'childId')]).toEqual([name, contract.forChild !== undefined]);
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

test('an event that claims to be a timer has no identity', async () => {
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
  const alice = await newChild();
  const mallory = await newChild();
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
