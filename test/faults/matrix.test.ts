import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../dev/services/cluster';
import { startRefusingMysql } from '../fakes/refusing-mysql';
import { readSessions } from '../sessions';
import {
  ask,
  askByCode,
  type Child,
  type Heard,
  hearLogs,
  type Instance,
  NOON,
  newChild,
  openStage,
  type Stage,
  stockPrizes,
  TODAY,
} from './stage';

let cluster: Cluster;
let stage: Stage;
let root: Connection;
let stopHearing: () => void;
let outDir: string;

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'faults-'));
  cluster = await startCluster({ mysqls: 1, redises: 1, report: console.log });
  stage = await openStage({ cluster, outDir });
  const [{ host, port, user, password }] = cluster.members;
  root = await mysql.createConnection({ host, port, user, password, database: 'growth_diary' });
  await stockPrizes(stage);
  stopHearing = hearLogs(() => {});
}, 120_000);

afterAll(async () => {
  stopHearing();
  root.destroy();
  await stage.stop();
  await rm(outDir, { recursive: true });
});

/** The platform's time for each call here. */
const SECONDS = 2;
/** By which a busy machine may be late itself. */
const LAG_MS = 1_000;

interface Write {
  fn: 'diary' | 'task' | 'points' | 'lottery';
  action: string;
  input: (child: Child) => object;
}

const writes: Record<string, Write> = {
  diary: { fn: 'diary', action: 'create', input: () => ({ date: TODAY, content: '今天下雨了' }) },
  task: { fn: 'task', action: 'complete', input: ({ taskIds }) => ({ id: taskIds[0] ?? 0 }) },
  spend: { fn: 'points', action: 'deduct', input: () => ({ amount: 7, source: '兑换' }) },
  draw: { fn: 'lottery', action: 'draw', input: () => ({}) },
};

const write = (instance: Instance, child: Child, name: string, seconds = SECONDS): Promise<Heard> => {
  const { fn, action, input } = writes[name] as Write;
  return ask(instance[fn], child.openid, action, input(child), { requestId: `matrix-${name}`, seconds });
};

/** A read and every kind of write at once, as one phone's screen may send them. */
async function askAll(instance: Instance, child: Child, seconds: number): Promise<Record<string, Heard>> {
  const reading = ask(instance.user, child.openid, 'profile', {}, { seconds });
  const writing = Object.keys(writes).map(async (name) => [name, await write(instance, child, name, seconds)] as const);
  return { read: await reading, ...Object.fromEntries(await Promise.all(writing)) };
}

/** Everything that was asked stands once, whatever was answered meanwhile, and the books agree. */
async function expectDoneOnce(instance: Instance, child: Child): Promise<void> {
  for (const name of Object.keys(writes)) expect({ name, ...(await write(instance, child, name, 20)) }).toMatchObject({ name, code: 'OK' });
  const counts = await stage.select<Record<string, number>>(
    `SELECT (SELECT COUNT(*) FROM diaries WHERE user_id = :u) AS diaries,
            (SELECT COUNT(*) FROM requests WHERE user_id = :u AND request_id LIKE 'matrix-%') AS requests,
            (SELECT COUNT(*) FROM point_records WHERE user_id = :u AND source_key LIKE 'diary:%') AS rewards,
            (SELECT COUNT(*) FROM point_records WHERE user_id = :u AND source_key LIKE 'task:%') AS completions,
            (SELECT COUNT(*) FROM point_records WHERE user_id = :u AND source_key = 'req:matrix-spend') AS spends,
            (SELECT COUNT(*) FROM lottery_records WHERE user_id = :u) AS draws`.replaceAll(':u', String(child.userId)),
  );
  expect(counts).toEqual([{ diaries: 1, requests: 2, rewards: 1, completions: 1, spends: 1, draws: 1 }]);
  expect(await stage.mismatches()).toEqual([]);
}

const lock = async ({ userId }: Child) => {
  await root.beginTransaction();
  await root.query('SELECT id FROM users WHERE id = ? FOR UPDATE', [userId]);
};

async function sessions(): Promise<number[]> {
  const all = await readSessions((sql) => stage.select(sql));
  return all.filter(({ user }) => user === 'gd_runtime').map(({ id }) => id);
}

async function killSessions(): Promise<void> {
  for (const id of await sessions()) await root.query(`KILL ${id}`).catch(() => {});
}

/** Every connection from now on is greeted with an error; answers how to end that. */
async function greetWith(errno: number, message: string): Promise<() => Promise<void>> {
  const fake = await startRefusingMysql(errno, message);
  const { port } = stage.mysqlTarget;
  stage.mysqlTarget.port = fake.port;
  stage.lines.mysql.reset();
  return async () => {
    stage.mysqlTarget.port = port;
    expect(fake.refusals).toBeGreaterThan(0);
    await fake.stop();
  };
}

interface Fault {
  /** What each call may answer while it lasts. */
  sees: string[];
  /** What the read may answer, where it differs. */
  readSees?: string[];
  /** Answers how it is healed. */
  strike(child: Child): Promise<() => Promise<void> | void>;
  /** Heals by itself after so long, while the calls are being made. */
  lastsMs?: number;
}

const UNAVAILABLE = ['UNAVAILABLE'];
const OK = ['OK'];

const faults: Record<string, Fault> = {
  'the database refuses connections': {
    sees: UNAVAILABLE,
    strike: async () => {
      await stage.lines.mysql.refuse();
      return () => stage.lines.mysql.listen();
    },
  },
  'the database is away for a moment': {
    sees: OK,
    lastsMs: 700,
    strike: async () => {
      await stage.lines.mysql.refuse();
      return () => stage.lines.mysql.listen();
    },
  },
  'the line to the database goes dead': {
    sees: UNAVAILABLE,
    strike: async () => {
      stage.lines.mysql.blackHole = true;
      return () => {
        stage.lines.mysql.blackHole = false;
        stage.lines.mysql.reset();
      };
    },
  },
  'the database hangs': {
    sees: UNAVAILABLE,
    strike: async () => {
      cluster.members[0].signal('SIGSTOP');
      return () => cluster.members[0].signal('SIGCONT');
    },
  },
  'the line to the database is slow': {
    sees: OK,
    strike: async () => {
      stage.lines.mysql.latencyMs = 80;
      return () => {
        stage.lines.mysql.latencyMs = 0;
      };
    },
  },
  'the line to the database is slower than the call may be': {
    sees: UNAVAILABLE,
    strike: async () => {
      stage.lines.mysql.latencyMs = 1_500;
      return () => {
        stage.lines.mysql.latencyMs = 0;
        stage.lines.mysql.reset();
      };
    },
  },
  'the database is being resumed, and soon there (9449)': {
    sees: OK,
    lastsMs: 700,
    strike: () => greetWith(9449, 'CynosDB serverless instance is resuming, please try connecting again'),
  },
  'the database is being resumed for longer (9449)': {
    sees: UNAVAILABLE,
    strike: () => greetWith(9449, 'CynosDB serverless instance is resuming, please try connecting again'),
  },
  'the database has no connection left (1040)': { sees: UNAVAILABLE, strike: () => greetWith(1040, 'Too many connections') },
  'the database has become read-only (1290)': {
    sees: UNAVAILABLE,
    readSees: OK,
    strike: async () => {
      await root.query('SET GLOBAL super_read_only = ON');
      return async () => void (await root.query('SET GLOBAL read_only = OFF'));
    },
  },
  'every connection is killed': {
    sees: OK,
    strike: async () => {
      await killSessions();
      return () => {};
    },
  },
  'someone holds the user’s row and does not let go': {
    sees: UNAVAILABLE,
    readSees: OK,
    strike: async (child) => {
      await lock(child);
      return () => root.rollback();
    },
  },
  'Redis refuses connections': {
    sees: OK,
    strike: async () => {
      await stage.lines.redis.refuse();
      return () => stage.lines.redis.listen();
    },
  },
  'the line to Redis goes dead': {
    sees: OK,
    strike: async () => {
      stage.lines.redis.blackHole = true;
      return () => {
        stage.lines.redis.blackHole = false;
        stage.lines.redis.reset();
      };
    },
  },
  'Redis is slower than its time': {
    sees: OK,
    strike: async () => {
      stage.lines.redis.latencyMs = 200;
      return () => {
        stage.lines.redis.latencyMs = 0;
      };
    },
  },
  'Redis is cut off in the middle': {
    sees: OK,
    strike: async () => {
      stage.lines.redis.cutAfter({ toClient: 40 });
      stage.lines.redis.reset();
      return () => stage.lines.redis.cutAfter(null);
    },
  },
  'Redis has forgotten everything': {
    sees: OK,
    strike: async () => {
      await onRedis((redis) => redis.flushall());
      return () => {};
    },
  },
  'Redis holds nonsense': {
    sees: OK,
    strike: async () => {
      await onRedis(async (redis) => {
        for (const key of await redis.keys('*')) {
          await redis.del(key);
          await redis.lpush(key, 'nonsense');
        }
      });
      return () => onRedis((redis) => redis.flushall()).then(() => {});
    },
  },
  'WeChat and Coze are away': {
    sees: OK,
    strike: async () => {
      await Promise.all([stage.lines.wechat.refuse(), stage.lines.coze.refuse()]);
      return async () => void (await Promise.all([stage.lines.wechat.listen(), stage.lines.coze.listen()]));
    },
  },
};

async function onRedis<T>(work: (redis: import('ioredis').Redis) => Promise<T>): Promise<T> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(cluster.redisUrl);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

describe('while', () => {
  let warm: Instance;
  beforeAll(() => {
    warm = stage.newInstance();
  });

  test.each(Object.entries(faults))(
    '%s, warm and cold instances answer in time, and in the end all is done once',
    async (name, { sees, readSees = sees, strike, lastsMs }) => {
      // One that has lost its Redis does without for ten seconds.
      if (name.includes('Redis')) warm = stage.newInstance();
      const cold = stage.newInstance();
      const child = await newChild(warm, 100);
      const other = await newChild(warm, 100);
      for (const [fn, action] of Object.entries({ user: 'profile', diary: 'list', task: 'list', points: 'balance', lottery: 'prizes' })) {
        expect((await ask(warm[fn as 'user'], child.openid, action, {}, { seconds: 20 })).code).toBe('OK');
        await ask(cold[fn as 'user'], null, 'nothing');
      }
      const heal = await strike(child);
      // Where all is to succeed, a busy machine shall have the time for it.
      const seconds = sees === OK ? 10 : SECONDS;
      const asked = Promise.all([askAll(warm, child, seconds), askAll(cold, other, seconds)]);
      if (lastsMs === undefined) await asked;
      else await wait(lastsMs);
      await heal();
      const [heardWarm, heardCold] = await asked;
      const freed = name.includes('row') ? OK : sees;
      for (const [{ read, ...written }, codes] of [
        [heardWarm, sees],
        [heardCold, freed],
      ] as const) {
        for (const [what, { code, ms }] of Object.entries(written)) {
          expect({ what, code }).toEqual({ what, code: expect.toBeOneOf(codes) });
          expect(ms).toBeLessThan(seconds * 1_000 + LAG_MS);
        }
        expect(readSees).toContain(read?.code);
      }
      await expectDoneOnce(warm, child);
      await expectDoneOnce(cold, other);
    },
  );
});

describe('a connection lost', () => {
  describe.each(Object.keys(writes))('during %s', (name) => {
    test.each([
      ['before its COMMIT', 'loseRequest'],
      ['after its COMMIT', 'loseAnswer'],
    ] as const)('%s is asked again within the call and done once', async (_, how) => {
      const instance = stage.newInstance();
      const child = await newChild(instance, 100);
      // Lets the statement be prepared, so that what is lost is the call and nothing before it.
      expect((await ask(instance[(writes[name] as Write).fn], child.openid, 'nothing')).code).toBe('NOT_FOUND');
      stage.lines.mysql[how](`matrix-${name}`);
      expect((await write(instance, child, name)).code).toBe('OK');
      await expectDoneOnce(instance, child);
    });

    test('inside its transaction is rolled back, retried and done once', async () => {
      const instance = stage.newInstance();
      const child = await newChild(instance, 100);
      await lock(child);
      const asked = write(instance, child, name);
      await wait(150);
      await killSessions();
      await root.rollback();
      expect((await asked).code).toBe('OK');
      await expectDoneOnce(instance, child);
    });
  });
});

describe('WeChat', () => {
  const openid = () => `oWechat${Math.random().toString(36).slice(2)}`;

  test.each([
    ['answers an error page', 'html', 'UNAVAILABLE'],
    ['answers HTTP 502', 'http-502', 'UNAVAILABLE'],
    ['is too busy (−1)', 'fail--1', 'UNAVAILABLE'],
    ['refuses the code (40029)', 'fail-40029', 'UNAUTHENTICATED'],
    ['refuses our settings (40125)', 'fail-40125', 'INTERNAL'],
  ])('that %s: the login by code answers in time', async (_, code, expected) => {
    const heard = await askByCode(stage.newInstance(), code);
    expect(heard.code).toBe(expected);
    expect(heard.ms).toBeLessThan(3_000);
  });

  test.each([
    ['refuses connections', () => stage.lines.wechat.refuse(), () => stage.lines.wechat.listen()],
    [
      'does not answer',
      () => {
        stage.lines.wechat.blackHole = true;
      },
      () => {
        stage.lines.wechat.blackHole = false;
        stage.lines.wechat.reset();
      },
    ],
  ])(
    'that %s: the login by code is UNAVAILABLE in time, the mini-program’s door does not notice, and later the code works',
    async (_, strike, heal) => {
      const instance = stage.newInstance();
      const code = `once-${openid()}`;
      await strike();
      const heard = await askByCode(instance, code);
      expect(heard.code).toBe('UNAVAILABLE');
      expect(heard.ms).toBeLessThan(3_000);
      expect((await ask(instance.login, openid(), 'login')).code).toBe('OK');
      await heal();
      expect((await askByCode(instance, code)).code).toBe('OK');
    },
  );

  test('with its content check down never stops a diary: it is saved and queued for a re-check', async () => {
    const instance = stage.newInstance({ CONTENT_CHECK: 'https' });
    const child = await newChild(instance, 100);
    await stage.lines.wechat.refuse();
    const heard = await write(instance, child, 'diary');
    await stage.lines.wechat.listen();
    expect(heard.code).toBe('OK');
    expect(heard.ms).toBeLessThan(3_000);
    expect(await stage.select('SELECT 1 FROM content_checks WHERE user_id = ?', [child.userId])).toHaveLength(1);
    await expectDoneOnce(stage.newInstance(), child);
  });
});

describe('Coze', () => {
  const line = () => stage.lines.coze;

  test.each([
    ['refuses connections', () => line().refuse(), () => line().listen()],
    [
      'does not answer',
      () => {
        line().blackHole = true;
      },
      () => {
        line().blackHole = false;
        line().reset();
      },
    ],
    [
      'cuts its answers short',
      () => {
        line().cutAfter({ toClient: 60 });
        line().reset();
      },
      () => line().cutAfter(null),
    ],
  ])('that %s: the caller hears of the job in time, the diary stands, and no job pays twice', async (how, strike, heal) => {
    const instance = stage.newInstance();
    const child = await newChild(instance, 100);
    const content = `扣子 ${how}`;
    const { data } = await ask(instance.diary, child.openid, 'create', { date: TODAY, content }, { seconds: 20 });
    const diaryId: number = data.diary.id;
    await strike();
    const heard = await ask(instance.ai, child.openid, 'commentDiary', { diaryId }, { seconds: 6, requestId: 'matrix-ai' });
    expect(heard.code).toBe('OK');
    expect(heard.ms).toBeLessThan(6_000);
    expect(['queued', 'running', 'failed']).toContain(heard.data.job.status);
    const { data: read } = await ask(instance.diary, child.openid, 'get', { date: TODAY });
    expect(read.diary).toMatchObject({ content, aiComment: null });
    await heal();
    // Neither the provider's illness nor a lease is waited for.
    await onRedis((redis) => redis.flushall());
    let { job } = heard.data;
    const jobs = new Set([job.id]);
    for (let minute = 1; job.status !== 'done' && minute < 8; minute += 1) {
      const now = new Date(Date.parse(NOON) + minute * 60_000).toISOString();
      const isOver = job.status === 'failed';
      const again = isOver
        ? ask(instance.ai, child.openid, 'commentDiary', { diaryId }, { seconds: 8, now })
        : ask(instance.ai, child.openid, 'job', { id: job.id }, { seconds: 8, now });
      ({ job } = (await again).data);
      jobs.add(job.id);
    }
    expect(job.status).toBe('done');
    expect(stage.coze.paid(content)).toBeLessThanOrEqual(jobs.size);
    expect(await stage.mismatches()).toEqual([]);
  });
});
