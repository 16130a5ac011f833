import type mysql from 'mysql2/promise';
import { afterEach, expect, test, vi } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as user } from '../../functions/user/index';
import { describeError } from '../../shared/runtime/log';
import { db, fire, newOpenid, ok, send, TODAY, withoutRateLimits } from '../harness';
import { type EveryAction, everyAction } from './functions';

withoutRateLimits();
afterEach(() => vi.restoreAllMocks());

const SECRET = '只有妈妈知道的秘密';
const OPERATOR_TOKEN = 'operator-token-of-the-tests';

type Line = Record<string, unknown>;

/** Runs something and gives back what it wrote to the log, as it was written. */
async function logOf(run: () => Promise<unknown>): Promise<string> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  try {
    await run();
  } finally {
    spy.mockRestore();
  }
  return written.join('');
}

const linesOf = (log: string): Line[] =>
  log
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const errors: Record<string, () => Error> = {
  'a refusal of the database that quotes the value': () =>
    Object.assign(new Error(`Data too long for column 'content': '${SECRET}'`), {
      errno: 1406,
      code: 'ER_DATA_TOO_LONG',
      sql: `INSERT '${SECRET}'`,
      sqlMessage: SECRET,
    }),
  'a message that looks like a stack': () => new Error(`x\n    at ${SECRET}\n    at (/tmp/${encodeURI(SECRET)}.ts:1:1)`),
  'a cause inside a cause': () =>
    new Error('outer', { cause: new TypeError(SECRET, { cause: new SyntaxError(`Unexpected token ${SECRET}`) }) }),
  'a name that was written over': () => Object.assign(new Error('first'), { message: SECRET, detail: { SECRET } }),
};

/** Every statement of every function fails with this error. */
async function failEveryStatement(error: () => Error): Promise<void> {
  const connection = await db().getConnection();
  connection.release();
  const prototype: mysql.Connection = Object.getPrototypeOf(Object.getPrototypeOf(connection));
  vi.spyOn(prototype, 'execute').mockImplementation(async () => {
    throw error();
  });
}

const call = ({ main, action, contract }: EveryAction, openid: string) => {
  if (contract.access === 'system') return fire(main, action);
  if (contract.access === 'operator') return send(main, null, action, contract.example, { token: OPERATOR_TOKEN });
  return send(main, openid, action, contract.example);
};

const actions = await everyAction();

test.each(Object.entries(errors))('%s reaches neither the log nor the answer of any action', async (_, error) => {
  const openid = newOpenid();
  const { token } = await ok(login, openid, 'login');
  await failEveryStatement(error);
  let refusals = 0;
  for (const each of actions) {
    let answer: unknown;
    const log = await logOf(async () => {
      answer = await call(each, openid);
    });
    // Some go well without a statement, such as a new token: what they answer is theirs to say.
    const isRefusal = JSON.stringify(answer).startsWith('{"success":false');
    refusals += isRefusal ? 1 : 0;
    const said = log + (isRefusal ? JSON.stringify(answer) : '');
    expect([each.name, said.includes(SECRET), said.includes(encodeURI(SECRET))]).toEqual([each.name, false, false]);
    expect([each.name, said.includes(openid), said.includes(token), said.includes(OPERATOR_TOKEN)]).toEqual([
      each.name,
      false,
      false,
      false,
    ]);
  }
  expect(refusals).toBeGreaterThan(actions.length * 0.8);
});

test('what children write and who they are is in no line of a call that went well', async () => {
  const openid = newOpenid();
  let token = '';
  const log = await logOf(async () => {
    token = (await ok(login, openid, 'login')).token;
    const { diary: written } = await ok(diary, openid, 'create', { date: TODAY, content: SECRET, tags: [SECRET], mood: SECRET });
    await ok(diary, openid, 'list', { tag: SECRET });
    await ok(diary, openid, 'update', { id: written.id, version: written.version, content: `${SECRET}！` });
    await ok(user, openid, 'update', { nickname: SECRET });
    await send(diary, openid, 'create', { date: SECRET, content: SECRET });
    await send(diary, null, 'list', {}, { token });
  });
  for (const secret of [SECRET, openid, token]) expect(log).not.toContain(secret);
});

test('every call leaves one access line, with the request id on that and on every other line of it', async () => {
  const openid = newOpenid();
  await ok(login, openid, 'login');
  const requestId = 'a-request-of-this-test';
  const lines = linesOf(await logOf(() => ok(diary, openid, 'create', { date: TODAY, content: '今天' }, { requestId })));
  expect(lines.map(({ kind }) => kind).sort()).toEqual(['access', 'behaviour']);
  expect(lines.every((line) => line.requestId === requestId)).toBe(true);
  // The first call of an openid in a process also looks its account up.
  expect(lines.find(({ kind }) => kind === 'access')).toMatchObject({ fn: 'diary', action: 'create', code: 'OK', mysql: { trips: 2 } });
});

test('a behaviour line says what happened in ids and numbers alone', async () => {
  const openid = newOpenid();
  const { userInfo } = await ok(login, openid, 'login');
  const lines = linesOf(
    await logOf(async () => {
      await ok(diary, openid, 'create', { date: TODAY, content: '今天' });
      await send(diary, openid, 'create', { date: TODAY, content: '又是今天' });
    }),
  );
  const behaviours = lines.filter(({ kind }) => kind === 'behaviour');
  expect(behaviours).toEqual([
    expect.objectContaining({ event: 'diary-written', user: userInfo.id, isDraft: false, points: 5, diary: expect.any(Number) }),
  ]);
});

test('an error line names the places and codes of the whole chain of causes', () => {
  const inner = Object.assign(new Error(SECRET), { errno: 1213, code: 'ER_LOCK_DEADLOCK', statement: 'diary.page' });
  const [first, second] = describeError(new TypeError('outer', { cause: inner }));
  expect(first).toMatchObject({ name: 'TypeError', stack: expect.arrayContaining([expect.stringContaining('logs.test.ts')]) });
  expect(second).toMatchObject({ name: 'Error', code: 'ER_LOCK_DEADLOCK', statement: 'diary.page' });
  expect(JSON.stringify([first, second])).not.toContain(SECRET);
});

test('a slow statement is named with its time and rows, without its values', async () => {
  const { config } = await import('../../shared/runtime/config');
  const openid = newOpenid();
  await ok(login, openid, 'login');
  await ok(diary, openid, 'create', { date: TODAY, content: SECRET });
  const { slowMs } = config().database;
  config().database.slowMs = 0;
  try {
    const log = await logOf(() => ok(diary, openid, 'list', { tag: SECRET }));
    const slow = linesOf(log).filter(({ kind }) => kind === 'slow-query');
    expect(slow.at(-1)).toMatchObject({ statement: expect.stringMatching(/^diary\./), ms: expect.any(Number), rows: expect.any(Number) });
    expect(log).not.toContain(SECRET);
  } finally {
    config().database.slowMs = slowMs;
  }
});
