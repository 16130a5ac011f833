import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import type { Contract } from '../contract';
import { AppError, type Envelope, errorKinds, fieldError } from '../errors';
import { config } from './config';
import { type Language, preferredLanguage } from './language';

type Door = 'miniprogram' | 'console' | 'http' | 'timer';

/** One call, through any door. */
export interface Call {
  door: Door;
  action: string;
  input: unknown;
  token: string | null;
  /** Unverified guardian token; family/guardian.ts verifies it. */
  guardianToken: string | null;
  /** The caller's identity as WeChat provides it, from the context of this invocation only. */
  openid: string | null;
  /** The caller's address as the platform's gateway recorded it (the last hop); HTTP only. */
  address: string | null;
  requestId: string;
  now: Date;
  /** Epoch milliseconds by which the answer must be sent. */
  deadline: number;
}

type Contracts = Record<string, { contract: Contract }>;
type Bag = Record<string, unknown>;

const MAX_BODY_CHARACTERS = 512 * 1_024;
const MAX_INPUT_BYTES = 100 * 1_024;
const MAX_DEPTH = 8;
/** The answer is sent 1.5 s before the platform's time-out; counters and the log may need the rest. */
const ANSWER_MARGIN_MS = 2_300;
/** With a time-out of a few seconds the work keeps about half of it. */
const ANSWER_MARGIN_SHARE = 0.46;
const MAX_WAIT_MS = 20_000;
const REQUEST_ID = /^[\w:.-]{1,64}$/;
const IDEMPOTENCY_KEY = /^[\w:.-]{16,64}$/;
const UNSAFE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);
const string = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** The variables of this invocation. process.env is not used: in a warm instance it still holds the previous caller's. */
function invocationVariables(context: Bag): Bag {
  if (typeof context.environment === 'string') {
    try {
      const variables: unknown = JSON.parse(context.environment);
      if (isBag(variables)) return variables;
    } catch {
      // Not JSON: the older form below is tried.
    }
  }
  const pairs = (string(context.environ) ?? '').split(';').map((pair) => {
    const equals = pair.indexOf('=');
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}

/** A child who uses our mini-program directly; neither a user of another app, nor a call relayed by anything but WeChat. */
/** The characters that WeChat uses. Others are refused: MySQL ignores trailing spaces when it compares an openid. */
const OPENID = /^[A-Za-z0-9_-]{1,100}$/;

function wechatOpenid(variables: Bag): string | null {
  const { appId } = config().wechat;
  const source = String(variables.TCB_SOURCE ?? '').split(',')[0];
  const trusted = source === 'wx_client' || (source === 'wx_devtools' && config().environment !== 'production');
  if (!trusted || !appId || variables.WX_APPID !== appId) return null;
  if (variables.WX_FROM_OPENID || variables.WX_FROM_APPID) return null;
  const openid = string(variables.WX_OPENID);
  if (openid !== null && !OPENID.test(openid)) throw fieldError('openid', '微信身份无效');
  return openid;
}

const isTimer = (event: Bag, variables: Bag): boolean =>
  event.Type === 'Timer' && !variables.WX_OPENID && (variables.TRIGGER_SRC === 'timer' || variables.TCB_SOURCE === 'wx_trigger');

/** A client SDK sent the event (mini-program, DevTools, web, anonymous): the caller chose every field of it. */
const isFromClient = ({ TCB_SOURCE, TCB_UUID }: Bag): boolean =>
  /^wx_(client|devtools)\b/.test(String(TCB_SOURCE ?? '')) || string(TCB_UUID) !== null;

/**
 * The HTTP access service calls without a caller's variables. Otherwise a client that sends `httpMethod` could choose its own address and
 * escape the limit per address.
 */
const isHttp = (event: Bag, variables: Bag): boolean =>
  typeof event.httpMethod === 'string' && !isFromClient(variables) && !variables.WX_OPENID && !variables.WX_APPID;

function clock(variables: Bag): Date {
  const moved = config().environment !== 'production' ? string(variables.DEV_NOW) : null;
  const now = moved === null ? new Date() : new Date(moved);
  if (Number.isNaN(now.getTime())) throw fieldError('now', '时间应为 ISO 8601');
  return now;
}

/** Calls of a timer or of another function have no waiting user. */
function deadlineOf(context: Bag, isAwaited: boolean): number {
  const given = Number(context.time_limit_in_ms);
  // The CLI's bootstrap passes seconds as a string.
  const limitMs = given >= 1_000 ? given : given > 0 ? given * 1_000 : MAX_WAIT_MS;
  const marginMs = Math.min(ANSWER_MARGIN_MS, limitMs * ANSWER_MARGIN_SHARE);
  return Date.now() + Math.min(limitMs - marginMs, isAwaited ? MAX_WAIT_MS : Number.POSITIVE_INFINITY);
}

/** Refuses input that no contract accepts, before any schema reads it: too large, too deep, invalid Unicode, keys such as `__proto__`. */
function requireTame(value: unknown, path: string, depth: number, budget: { bytes: number }): void {
  if (typeof value === 'string') {
    budget.bytes -= Buffer.byteLength(value);
    if (!value.isWellFormed()) throw fieldError(path, '包含无法识别的字符');
  } else if (typeof value === 'object' && value !== null) {
    if (depth === MAX_DEPTH) throw fieldError(path, '层级过深');
    for (const key of Object.keys(value)) {
      if (UNSAFE_KEYS.has(key)) throw fieldError(path === '' ? key : `${path}.${key}`, '不支持的字段');
      budget.bytes -= key.length;
      requireTame((value as Bag)[key], path === '' ? key : `${path}.${key}`, depth + 1, budget);
    }
  } else budget.bytes -= 8;
  if (budget.bytes < 0) throw fieldError(path, '内容过大');
}

const tame = (value: unknown, rootPath = ''): unknown => {
  requireTame(value, rootPath, 0, { bytes: MAX_INPUT_BYTES });
  return value;
};

const unwrapped = (schema: z.core.$ZodType): z.core.$ZodType => {
  const { def } = schema._zod;
  return 'innerType' in def ? unwrapped(def.innerType as z.core.$ZodType) : schema;
};

/** Paths and queries carry text. Numbers and booleans in them are converted here, and only here, by the type of the field's schema. */
function fromText(fields: Record<string, string>, schema: z.ZodObject): Bag {
  return Object.fromEntries(
    Object.entries(fields).map(([name, text]) => {
      const field = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
      const type = field && unwrapped(field)._zod.def.type;
      if (type === 'number' && /^-?\d+(\.\d+)?$/.test(text)) return [name, Number(text)];
      if (type === 'boolean' && (text === 'true' || text === 'false')) return [name, text === 'true'];
      return [name, text];
    }),
  );
}

function matchPath(template: string, path: string): Record<string, string> | null {
  const wanted = template.split('/');
  const given = path.replace(/\/$/, '').split('/');
  if (wanted.length !== given.length) return null;
  const fields: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) {
      try {
        fields[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return fields;
}

/** The action of a REST call. A function may be mounted at its own prefix, which the platform then removes from the path. */
function route(
  method: string,
  path: string,
  contracts: Contracts,
): { action: string; schema: z.ZodObject; fields: Record<string, string> } {
  const candidates = Object.entries(contracts).flatMap(([action, { contract }]) => {
    const [verb, template] = contract.rest?.split(' ') ?? [];
    if (verb !== method || template === undefined) return [];
    const mounted = template.split('/').slice(0, 3).join('/');
    const fields = matchPath(template, path) ?? matchPath(template, `${mounted}${path}`);
    return fields ? [{ action, schema: contract.input, fields }] : [];
  });
  const [best] = candidates.sort((a, b) => Object.keys(a.fields).length - Object.keys(b.fields).length);
  if (!best) throw new AppError('NOT_FOUND', { message: '没有这个接口' });
  return best;
}

function parseBody(event: Bag): unknown {
  const raw = string(event.body);
  if (raw === null) return {};
  if (raw.length > MAX_BODY_CHARACTERS) throw fieldError('', '内容过大');
  const body = event.isBase64Encoded === true ? Buffer.from(raw, 'base64').toString('utf8') : raw;
  try {
    return JSON.parse(body);
  } catch {
    throw fieldError('', '请求体不是有效的 JSON');
  }
}

const textFields = (value: unknown): Record<string, string> =>
  Object.fromEntries(isBag(value) ? Object.entries(value).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])) : []);

function requestIdOf(value: unknown, pattern: RegExp, path: string): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string' || !pattern.test(value)) throw fieldError(path, '请求编号格式不正确');
  return value;
}

function fromHttp(event: Bag, contracts: Contracts): Pick<Call, 'action' | 'input' | 'token' | 'guardianToken' | 'address'> {
  const headers = textFields(event.headers);
  const method = String(event.httpMethod).toUpperCase();
  const { action, schema, fields } = route(method, string(event.path) ?? '/', contracts);
  const query = textFields(event.queryStringParameters);
  const hasBody = method !== 'GET' && method !== 'DELETE';
  const body = hasBody ? parseBody(event) : {};
  if (!isBag(body)) throw fieldError('', '请求体应为 JSON 对象');
  // The path wins over the body: a body cannot name another object.
  const input = { ...body, ...fromText(hasBody ? fields : { ...query, ...fields }, schema) };
  return {
    action,
    input: tame(input),
    token: /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? null,
    guardianToken: headers['x-guardian-token'] || null,
    address: headers['x-forwarded-for']?.split(',').at(-1)?.trim() || null,
  };
}

const KNOWN_FIELDS = new Set(['action', 'data', 'requestId', 'token', 'guardianToken', 'lang', 'userInfo', 'tcbContext']);

function fromFunctionCall(event: Bag): Pick<Call, 'action' | 'input' | 'token' | 'guardianToken'> {
  const { action, data = {}, token = null, guardianToken = null } = event;
  const unknown = Object.keys(event).find((name) => !KNOWN_FIELDS.has(name));
  if (unknown !== undefined) throw fieldError(unknown.slice(0, 64), '不支持的字段');
  if (event.lang !== undefined && event.lang !== 'zh' && event.lang !== 'en') throw fieldError('lang', '语言应为 zh 或 en');
  if (typeof action !== 'string') throw fieldError('action', '请说明要做什么');
  if (token !== null && typeof token !== 'string') throw fieldError('token', '登录凭证应为文本');
  if (guardianToken !== null && typeof guardianToken !== 'string') throw fieldError('guardianToken', '家长凭证应为文本');
  return { action, input: tame(data), token, guardianToken };
}

/** WeChat's verdict on a picture, delivered by the cloud's message push. A client cannot send one. */
function fromPush(event: Bag, variables: Bag): Pick<Call, 'action' | 'input'> | null {
  if (event.MsgType !== 'event' || event.Event !== 'wxa_media_check' || isFromClient(variables)) return null;
  // With an error code (-1008: the picture could not be fetched) there is no verdict.
  const isChecked = Number(event.errcode ?? 0) === 0;
  const suggest = !isChecked ? null : isBag(event.result) ? event.result.suggest : undefined;
  return { action: 'pictureChecked', input: tame({ traceId: event.trace_id, suggest }) };
}

/** What the platform reports of a call before the event is parsed; enough to answer a refusal in the form that the door expects. */
export interface Frame {
  requestId: string;
  http: boolean;
  /** Language of the error messages. */
  language: Language;
  /** The variables of this invocation, set by the platform. */
  variables: Readonly<Record<string, unknown>>;
}

export function frameOf(event: unknown, context: unknown): Frame {
  const bag = isBag(event) ? event : {};
  const variables = invocationVariables(isBag(context) ? context : {});
  const http = isHttp(bag, variables);
  const own = http ? textFields(bag.headers)['idempotency-key'] : bag.requestId;
  const platform = isBag(bag.requestContext) ? bag.requestContext.requestId : null;
  const candidates = [own, platform, isBag(context) ? context.request_id : null];
  const requestId = candidates.find((candidate) => typeof candidate === 'string' && REQUEST_ID.test(candidate));
  const language = http ? preferredLanguage(textFields(bag.headers)['accept-language'] ?? '') : bag.lang === 'en' ? 'en' : 'zh';
  return { http, language, variables, requestId: typeof requestId === 'string' ? requestId : randomUUID() };
}

/** Reads a platform event. Throws AppError when it cannot be read as a call. */
export function toCall(event: unknown, context: unknown, contracts: Contracts, { requestId, http, variables }: Frame): Call {
  if (!isBag(event)) throw fieldError('', '调用参数应为对象');
  const surroundings = isBag(context) ? context : {};
  const isByTimer = !http && isTimer(event, variables);
  const isByFunction = String(variables.TCB_SOURCE ?? '').endsWith(',scf');
  const deadline = deadlineOf(surroundings, !isByTimer && !isByFunction);
  const shared = { requestId, now: clock(variables), deadline, openid: null, address: null, token: null, guardianToken: null };
  if (http) {
    requestIdOf(textFields(event.headers)['idempotency-key'], IDEMPOTENCY_KEY, 'Idempotency-Key');
    return { ...shared, door: 'http', ...fromHttp(event, contracts) };
  }
  if (isByTimer) {
    return { ...shared, door: 'timer', action: string(event.TriggerName) ?? '', input: {} };
  }
  const push = fromPush(event, variables);
  if (push) return { ...shared, door: 'console', ...push };
  requestIdOf(event.requestId, REQUEST_ID, 'requestId');
  const openid = wechatOpenid(variables);
  // Field by field, because two spreads cost the usual call 2 µs.
  const { action, input, token, guardianToken } = fromFunctionCall(event);
  const door = openid === null ? 'console' : 'miniprogram';
  return { door, action, input, token, guardianToken, openid, address: null, requestId, now: shared.now, deadline };
}

/** The envelope in the form the door expects. */
export function toAnswer(envelope: Envelope, { http }: Frame): unknown {
  if (!http) return envelope;
  return {
    statusCode: envelope.success ? 200 : errorKinds[envelope.error.code].status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...(!envelope.success && envelope.error.retryAfter !== undefined && { 'retry-after': String(envelope.error.retryAfter) }),
    },
    body: JSON.stringify(envelope),
    isBase64Encoded: false,
  };
}
