import { createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AiSettings, readAiSettings } from './ai-settings';
import { ConfigError, type Environment, integer, list, positive } from './environment';
import type { Host } from './primary';
import type { DatabaseTls } from './tls';

export { ConfigError } from './environment';

export interface SigningKey {
  id: string;
  key: KeyObject;
}

export interface Operator {
  name: string;
  token: string;
}

/** A private bucket of Tencent Cloud Object Storage, and the key of a sub-account with access to this bucket only. */
export interface CosSettings {
  kind: 'cos';
  /** Ends with the account number: `name-1250000000`. */
  bucket: string;
  region: string;
  secretId: string;
  secretKey: string;
  /** Replaces the address of COS; for development. */
  endpoint: string | null;
}

export interface Config {
  /** Default `production`. In the others the clock can be moved; `test` also checks every answer against its contract. */
  environment: 'production' | 'local' | 'test';
  database: {
    /** Several hosts are the members of a group; one of them takes writes at a time. */
    hosts: readonly [Host, ...Host[]];
    user: string;
    password: string;
    name: string;
    connectionLimit: number;
    tls: DatabaseTls;
    slowMs: number;
    /** How long a call waits for a connection while all of the pool are in use. */
    acquireMs: number;
  };
  /** Several addresses are nodes of one Redis Cluster. */
  redis: { urls: readonly [string, ...string[]]; timeoutMs: number } | null;
  /** The first key signs; all keys verify. */
  jwtKeys: readonly [SigningKey, ...SigningKey[]];
  wechat: { appId: string; secret: string; apiBase: string };
  operators: { openids: ReadonlySet<string>; tokens: readonly Operator[] };
  imageHosts: readonly string[];
  /** The CloudBase environment of this process: its storage and its other functions. null outside of one. */
  cloud: { environmentId: string } | null;
  /** Where new files are stored: in the environment's storage, or in the operator's own COS bucket. */
  storage: { kind: 'cloudbase' } | CosSettings;
  /** The AI provider; null: comments and pictures are off. */
  ai: AiSettings | null;
  /** The producer named in the label of AI pictures; '' for the provider's name. */
  aiProducer: string;
  aiQuota: { comment: number; image: number };
  /** How texts and AI pictures are checked: over HTTPS with our own token, through wx-server-sdk, or not at all. */
  contentCheck: 'https' | 'openapi' | 'off';
  /** Key of the hash that stands for the person of an erased account. It must never change: with another key the hashes no longer match. */
  personPepper: string;
  /** Where alerts are posted; null: alerts are only logged. The address is a secret: it is all that is needed to post. */
  webhookUrl: string | null;
  /** Version of the text that a guardian has to agree to before texts or pictures are stored; null: no consent is required. */
  consentVersion: string | null;
  databaseQuotaMb: number;
  rateLimitFactor: number;
  diaryReward: number;
  /** Days during which an overwritten or deleted diary can be restored. */
  historyDays: number;
  moodReward: number;
  /** The most that the points of a former version are worth. */
  migrationPointsMax: number;
  lotteryCost: number;
  ownTaskMaxReward: number;
  ownTaskDailyCap: number;
  /** Cap for tasks completed on one day, whatever their dates. */
  ownTaskServerDayCap: number;
  guardianTaskMaxReward: number;
  /** Which share of the users is asked to import their phone's data, and up to which step. */
  migration: { mode: 'off' | 'shadow' | 'dual' | 'cloud'; percent: number; salt: string };
}

/** Words of example values; a random secret does not contain them. */
const PLACEHOLDER = /your[-_ ]|change[-_ ]?(me|this)|super[-_ ]?secret|password|example/i;

/** Estimated entropy of a secret in bits, from the variety of its characters and how evenly they occur; a repeated pattern counts once. */
const estimatedBits = (secret: string): number => {
  if (PLACEHOLDER.test(secret)) return 0;
  let period = 1;
  while (!secret.startsWith(secret.slice(period))) period += 1;
  const counts = new Map<string, number>();
  for (const character of secret.slice(0, period)) counts.set(character, (counts.get(character) ?? 0) + 1);
  const evenness = [...counts.values()].reduce((bits, count) => bits + count * Math.log2(period / count), 0);
  // In a short random text some characters occur twice and others never, so its measured evenness is up to a quarter too low.
  return Math.min(period * Math.log2(Math.max(2, counts.size)), evenness * (4 / 3));
};

/** `host` or `host:port`; several are separated by commas. */
const parseHosts = (text: string, defaultPort: number): Config['database']['hosts'] => {
  const [first, ...others] = list(text).map((entry): Host => {
    const [, host = '', port] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? [];
    return { host, port: port === undefined ? defaultPort : Number(port) };
  });
  if (first === undefined) throw new ConfigError('DB_HOST is missing');
  return [first, ...others];
};

/**
 * DB_CA: PEM with line breaks written as `\n`, or `./name`, a PEM file beside the bundle (for a script: in the working directory). Deployments use
 * the file, because the platform limits environment variables to 4,096 bytes.
 */
const readCertificate = (value: string): string => {
  if (!value.startsWith('./')) return value.replaceAll('\\n', '\n');
  try {
    return readFileSync(join(typeof __dirname === 'string' ? __dirname : process.cwd(), value), 'utf8');
  } catch {
    throw new ConfigError('DB_CA names a file that cannot be read');
  }
};

/**
 * DB_TLS and DB_CA. Where TLS is `required`, a mode must be named. Elsewhere DB_CA alone means verify-identity, and neither means no TLS.
 */
export const parseDatabaseTls = (env: Environment, required: boolean): DatabaseTls => {
  const mode = env.DB_TLS || (required ? '' : env.DB_CA ? 'verify-identity' : 'off');
  if (mode === '') throw new ConfigError('DB_TLS is missing: verify-identity, verify-ca or off');
  if (mode === 'off') return { mode };
  if (mode !== 'verify-identity' && mode !== 'verify-ca') throw new ConfigError('DB_TLS must be verify-identity, verify-ca or off');
  if (!env.DB_CA) throw new ConfigError(`DB_CA is missing: DB_TLS=${mode} needs the certificate of the authority`);
  return { mode, ca: readCertificate(env.DB_CA) };
};

const parseRedis = (env: Environment): Config['redis'] => {
  const [first, ...others] = list(env.REDIS_URL);
  return first === undefined ? null : { urls: [first, ...others], timeoutMs: integer(env, 'REDIS_TIMEOUT_MS', 80) };
};

const parseKeys = (env: Environment, production: boolean): Config['jwtKeys'] => {
  const entries = list(env.JWT_KEYS).map((entry) => {
    const colon = entry.indexOf(':');
    // Without a colon most of the secret would be taken for the key id, and every token shows the key id.
    if (colon < 1) throw new ConfigError('JWT_KEYS must read id:secret,id:secret');
    return { id: entry.slice(0, colon), secret: entry.slice(colon + 1) };
  });
  if (entries.length === 0 && env.JWT_SECRET) entries.push({ id: 'k1', secret: env.JWT_SECRET });
  if (new Set(entries.map((entry) => entry.id)).size < entries.length) throw new ConfigError('JWT_KEYS repeats a key id');
  const keys = entries.map(({ id, secret }) => {
    if (!secret) throw new ConfigError('JWT_KEYS must read id:secret,id:secret');
    if (production && estimatedBits(secret) < 128) throw new ConfigError('JWT_KEYS or JWT_SECRET is too weak: 128 bits are needed');
    return { id, key: createSecretKey(Buffer.from(secret)) };
  });
  const [first, ...rest] = keys;
  if (!first) throw new ConfigError('JWT_KEYS or JWT_SECRET is missing');
  return [first, ...rest];
};

const migrationModes = ['off', 'shadow', 'dual', 'cloud'] as const;

const parseMigration = (env: Environment): Config['migration'] => {
  const mode = migrationModes.find((each) => each === (env.MIGRATION_MODE || 'off'));
  if (mode === undefined) throw new ConfigError(`MIGRATION_MODE must be one of ${migrationModes.join(', ')}`);
  const percent = Number(env.MIGRATION_PERCENT || 100);
  if (!(percent >= 0 && percent <= 100)) throw new ConfigError('MIGRATION_PERCENT must be a number from 0 to 100');
  return { mode, percent, salt: env.MIGRATION_SALT ?? 'growth-diary' };
};

const parseOperators = (env: Environment, production: boolean): Operator[] =>
  list(env.OPERATOR_TOKENS).map((entry) => {
    const colon = entry.indexOf(':');
    const operator = { name: entry.slice(0, colon), token: entry.slice(colon + 1) };
    if (colon < 1 || !operator.token) throw new ConfigError('OPERATOR_TOKENS must read name:token,name:token');
    if (production && estimatedBits(operator.token) < 128) throw new ConfigError('OPERATOR_TOKENS holds a weak token');
    return operator;
  });

/** Default: on in environments with real users. `openapi` needs rights that only WeChat's own tool can upload. */
const parseContentCheck = (env: Environment, production: boolean): Config['contentCheck'] => {
  const mode = env.CONTENT_CHECK || (production && env.WX_SECRET ? 'on' : 'off');
  if (mode === 'on') return env.WX_SECRET ? 'https' : 'openapi';
  if (mode === 'https' || mode === 'openapi' || mode === 'off') return mode;
  throw new ConfigError('CONTENT_CHECK must be on, off, https or openapi');
};

const parseStorage = (env: Environment): Config['storage'] => {
  const kind = env.STORAGE || 'cloudbase';
  if (kind === 'cloudbase') return { kind };
  if (kind !== 'cos') throw new ConfigError('STORAGE must be cloudbase or cos');
  const { COS_BUCKET: bucket = '', COS_REGION: region = '', COS_SECRET_ID: secretId = '', COS_SECRET_KEY: secretKey = '' } = env;
  const missing = Object.entries({ COS_REGION: region, COS_SECRET_ID: secretId, COS_SECRET_KEY: secretKey }).filter(([, value]) => !value);
  const problems = missing.map(([name]) => `${name} is missing: STORAGE=cos needs it`);
  if (!/^[a-z0-9-]+-\d+$/.test(bucket)) problems.push('COS_BUCKET must read name-accountnumber, as in growth-diary-1250000000');
  if (problems.length > 0) throw new ConfigError(...problems);
  return { kind, bucket, region, secretId, secretKey, endpoint: env.COS_ENDPOINT || null };
};

const parsePepper = (env: Environment, production: boolean): string => {
  const pepper = env.PERSON_PEPPER ?? '';
  if (production && estimatedBits(pepper) < 128) throw new ConfigError('PERSON_PEPPER is missing or too weak: 128 bits are needed');
  return pepper;
};

/** `take` collects the error of a setting and goes on, so that one pass reports all of them. readConfig throws before the missing value is used. */
function collectProblems() {
  const problems: string[] = [];
  const take = <Value>(read: () => Value): Value => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined as Value;
    }
  };
  return { problems, take };
}

/** Throws a ConfigError that names every wrong setting. */
export function readConfig(env: Environment): Config {
  const environment = env.APP_ENV === 'local' || env.APP_ENV === 'test' ? env.APP_ENV : 'production';
  const production = environment === 'production';
  const required = (name: string): string => {
    const value = env[name];
    if (!value) throw new ConfigError(`${name} is missing`);
    return value;
  };
  const { problems, take } = collectProblems();
  const settings: Config = {
    environment,
    database: {
      hosts: take(() =>
        parseHosts(
          required('DB_HOST'),
          take(() => integer(env, 'DB_PORT', 3306)),
        ),
      ),
      user: take(() => required('DB_USER')),
      password: env.DB_PASSWORD ?? '',
      name: take(() => required('DB_NAME')),
      connectionLimit: take(() => Math.max(1, integer(env, 'DB_POOL', 2))),
      tls: take(() => parseDatabaseTls(env, production)),
      slowMs: take(() => integer(env, 'DB_SLOW_MS', 200)),
      acquireMs: take(() => integer(env, 'DB_ACQUIRE_MS', 800)),
    },
    redis: take(() => parseRedis(env)),
    jwtKeys: take(() => parseKeys(env, production)),
    wechat: {
      appId: env.WX_APPID ?? '',
      secret: env.WX_SECRET ?? '',
      apiBase: env.WX_API_BASE || 'https://api.weixin.qq.com',
    },
    operators: { openids: new Set(list(env.OPERATOR_OPENIDS)), tokens: take(() => parseOperators(env, production)) },
    imageHosts: list(env.IMAGE_HOSTS || '*.tcb.qcloud.la,thirdwx.qlogo.cn,wx.qlogo.cn,mmbiz.qpic.cn'),
    personPepper: take(() => parsePepper(env, production)),
    webhookUrl: env.WEBHOOK_URL || null,
    consentVersion: env.CONSENT_VERSION || null,
    databaseQuotaMb: take(() => positive(env, 'DB_QUOTA_MB', 10_240)),
    cloud: env.TCB_ENV && env.TENCENTCLOUD_SECRETID ? { environmentId: env.TCB_ENV } : null,
    storage: take(() => parseStorage(env)),
    ai: take(() => readAiSettings(env)),
    aiProducer: env.AI_PRODUCER ?? '',
    aiQuota: { comment: take(() => integer(env, 'AI_COMMENTS_PER_DAY', 20)), image: take(() => integer(env, 'AI_PICTURES_PER_DAY', 5)) },
    contentCheck: take(() => parseContentCheck(env, production)),
    rateLimitFactor: take(() => positive(env, 'RATE_LIMIT_FACTOR', 1)),
    diaryReward: take(() => integer(env, 'DIARY_REWARD', 5)),
    historyDays: take(() => integer(env, 'HISTORY_DAYS', 30)),
    moodReward: take(() => integer(env, 'MOOD_REWARD', 5)),
    migrationPointsMax: take(() => integer(env, 'MIGRATION_POINTS_MAX', 20_000)),
    lotteryCost: take(() => integer(env, 'LOTTERY_COST', 10)),
    ownTaskMaxReward: take(() => integer(env, 'OWN_TASK_MAX_REWARD', 20)),
    ownTaskDailyCap: take(() => integer(env, 'OWN_TASK_DAILY_CAP', 100)),
    ownTaskServerDayCap: take(() => integer(env, 'OWN_TASK_SERVER_DAY_CAP', 300)),
    guardianTaskMaxReward: take(() => integer(env, 'GUARDIAN_TASK_MAX_REWARD', 50)),
    migration: take(() => parseMigration(env)),
  };
  if (problems.length > 0) throw new ConfigError(...problems);
  return settings;
}

let current: Config | undefined;

/** The settings of the process, read once, on first use. */
export const config = (): Config => (current ??= readConfig(process.env));
