import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventOf, platformContext } from '../../dev/gateway/context';
import { type ErrorCode, errorKinds, isErrorCode } from '../../shared/errors';
import { appId, NOON, newChild, withoutRateLimits } from '../harness';
import { type EveryAction, everyAction } from '../trust/functions';

withoutRateLimits();

const actions = await everyAction();
const mains = [...new Map(actions.map((each) => [each.main, each.name.split('.')[0] ?? ''])).entries()];
const limits = { timeoutSeconds: 5, memoryMb: 256 };

// A failure prints its seed; the thousands of access lines would bury it.
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true));
afterAll(() => void vi.restoreAllMocks());

/** What lies at the edge of some check: dates, sizes, numbers, encodings, prototypes. */
const edges: unknown[] = [
  null,
  '',
  ' ',
  '\u0000',
  '\ud83d',
  '\u202e',
  'e\u0301'.repeat(10),
  '😀'.repeat(10_001),
  'x'.repeat(120_000),
  '0000-01-01',
  '0999-12-31',
  '9999-12-31',
  '9999-12',
  '0000-01',
  '2025-02-30',
  '2000-01-01',
  '2025-01-22',
  "' OR '1'='1",
  '"; DROP TABLE users; --',
  '../../etc/passwd',
  'https://mmbiz.qpic.cn/a.png',
  'cloud://a/users/1/b',
  '__proto__',
  0,
  -0,
  -1,
  1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1.5,
  1e308,
  5e-324,
  true,
  [],
  {},
  [[[[[[[[[[]]]]]]]]]],
  { length: 1e9 },
  { toString: 1, valueOf: 1 },
  { toJSON: 'x' },
];
const nasty = fc.constantFrom(...edges);
const value = fc.oneof(
  { weight: 4, arbitrary: nasty },
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.integer(),
);
const key = fc.oneof(
  fc.constantFrom('id', 'date', 'userId', 'openid', '__proto__', 'constructor', 'toString', 'length'),
  fc.string({ maxLength: 8 }),
);

/** The input of a reader who copies the example and gets some of it wrong. */
const mutated = ({ contract }: EveryAction): fc.Arbitrary<object> => {
  const names = Object.keys(contract.input.shape);
  const field = names.length > 0 ? fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...names) }, key) : key;
  return fc
    .tuple(fc.array(fc.tuple(field, value), { minLength: 1, maxLength: 3 }), fc.subarray(names), fc.boolean())
    .map(([changes, dropped, keeps]) => {
      const example = Object.entries(keeps ? contract.example : {}).filter(([name]) => !dropped.includes(name));
      return Object.fromEntries([...example, ...changes]);
    });
};

let child: Awaited<ReturnType<typeof newChild>>;
beforeAll(async () => {
  child = await newChild();
});

async function expectAnAnswer(given: unknown, what = ''): Promise<void> {
  const answer = given as { success?: unknown; error?: { code: string; message: string }; requestId?: unknown };
  expect(typeof answer.requestId).toBe('string');
  if (answer.success === true) return;
  const { code, message } = answer.error ?? { code: '', message: '' };
  expect(isErrorCode(code)).toBe(true);
  expect([what, code]).not.toEqual([what, expect.stringMatching(/^(INTERNAL|UNAVAILABLE)$/)]);
  expect(message).toMatch(/[\u4e00-\u9fff]/);
  // An account that a lucky guess has erased is replaced.
  if (code === 'UNAUTHENTICATED') child = await newChild();
}

const asChild = (each: { main: EveryAction['main'] }, event: unknown) => {
  const caller = { door: 'miniprogram', openid: child.openid, now: NOON } as const;
  const isBag = typeof event === 'object' && event !== null && !Array.isArray(event);
  const shaped = isBag ? eventOf(caller, Object.fromEntries(Object.entries(event)), appId) : event;
  return each.main(shaped, platformContext('fuzz', caller, appId, limits));
};

describe('whatever data comes', () => {
  test.each(actions.map((each) => [each.name, each] as const))(
    '%s answers in an envelope and never by accident',
    async (_, each) => {
      await fc.assert(
        fc.asyncProperty(fc.oneof({ weight: 5, arbitrary: mutated(each) }, value), async (data) =>
          expectAnAnswer(await asChild(each, { action: each.action, data })),
        ),
        { numRuns: 30 },
      );
    },
    60_000,
  );

  test.each(actions.map((each) => [each.name, each] as const))(
    '%s takes or refuses each edge in each of its fields',
    async (_, each) => {
      for (const field of Object.keys(each.contract.input.shape)) {
        for (const edge of edges) {
          const answer = await asChild(each, { action: each.action, data: { ...each.contract.example, [field]: edge } });
          await expectAnAnswer(answer, `${field}: ${JSON.stringify(edge).slice(0, 40)}`);
        }
      }
    },
    60_000,
  );
});

describe('whatever event comes', () => {
  const field = fc.oneof(
    fc.constantFrom(
      'action',
      'data',
      'requestId',
      'token',
      'Type',
      'TriggerName',
      'httpMethod',
      'path',
      'headers',
      'body',
      'queryStringParameters',
    ),
    fc.constantFrom('isBase64Encoded', 'requestContext', 'userInfo', 'tcbContext', 'MsgType', 'Event'),
    key,
  );
  const part = fc.oneof(
    value,
    fc.constantFrom('GET', 'POST', 'Timer', '/', '/api/diary/1', '{}', '{"a":1}', { authorization: 'Bearer x' }),
  );
  const event = fc.oneof(
    { weight: 8, arbitrary: fc.array(fc.tuple(field, part), { maxLength: 6 }).map((parts) => Object.fromEntries(parts)) },
    value,
  );

  test.each(mains.map(([main, name]) => [name, main] as const))('%s answers it', async (_, main) => {
    await fc.assert(
      fc.asyncProperty(event, async (sent) => {
        const answer = (await asChild({ main }, sent)) as { statusCode?: number; body?: string };
        await expectAnAnswer(answer.body === undefined ? answer : JSON.parse(answer.body));
      }),
      { numRuns: 100 },
    );
  });
});

describe('whatever request comes', () => {
  const rest = actions.filter(({ contract }) => contract.rest !== undefined);
  const segment = fc.oneof(
    fc.constantFrom('1', '0', '-1', '%', '%00', '%F0%9F%98%80', '9007199254740993', '1e3', 'list', '..', ' ', '__proto__'),
    fc.string({ maxLength: 10 }).map(encodeURIComponent),
  );
  const text = fc.oneof(
    fc.constantFrom('', '1', '-1', '1e9', 'true', '2025-01-22', '9999-12', '0000-01-01', '%', '\u0000', '\ud83d'),
    fc.string({ maxLength: 12 }),
  );

  test.each(rest.map((each) => [each.contract.rest ?? '', each] as const))('%s answers it', async (route, each) => {
    const [httpMethod = '', template = ''] = route.split(' ');
    const names = Object.keys(each.contract.input.shape);
    const query = fc.dictionary(names.length > 0 ? fc.constantFrom(...names) : key, text, { maxKeys: 4 });
    const body = fc.oneof(
      mutated(each).map((input) => JSON.stringify(input)),
      fc.string({ maxLength: 20 }),
      fc.constantFrom('', '{', '[]', 'null', `{"a":${'['.repeat(20_000)}`),
    );
    await fc.assert(
      fc.asyncProperty(segment, query, body, fc.boolean(), async (id, queryStringParameters, sent, isBase64Encoded) => {
        const answer = (await each.main(
          {
            path: template.replace(/:\w+/, id),
            httpMethod,
            headers: { authorization: `Bearer ${child.token}`, 'x-forwarded-for': '127.0.0.1' },
            queryStringParameters,
            body: isBase64Encoded ? Buffer.from(sent).toString('base64') : sent,
            isBase64Encoded,
          },
          platformContext('fuzz', { door: 'http', now: NOON }, appId, limits),
        )) as { statusCode: number; body: string };
        const envelope = JSON.parse(answer.body);
        expect(answer.statusCode).toBe(envelope.success ? 200 : errorKinds[envelope.error.code as ErrorCode].status);
        await expectAnAnswer(envelope);
      }),
      { numRuns: 30 },
    );
  });
});
