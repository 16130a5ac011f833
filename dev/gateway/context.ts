import { randomUUID } from 'node:crypto';

/** The context that the platform passes to `main` with the event. A caller cannot influence it. */
export interface PlatformContext {
  memory_limit_in_mb: number;
  time_limit_in_ms: number;
  request_id: string;
  function_name: string;
  function_version: string;
  namespace: string;
  tencentcloud_region: string;
  /** The invocation's variables as JSON: what new runtimes pass. */
  environment: string;
  /** The same as `K=V;K=V`: what old runtimes pass and the bootstrap writes into process.env. */
  environ: string;
}

export interface Limits {
  timeoutSeconds: number;
  memoryMb: number;
}

export interface Caller {
  door: 'miniprogram' | 'console' | 'timer' | 'http';
  openid?: string | undefined;
  /** Moves the function's clock; effective only in an environment configured as local. */
  now?: string | undefined;
}

export interface Invocation {
  event: unknown;
  context: PlatformContext;
}

export const localEnvironmentId = 'local';
export const localAppId = 'wxlocal0000000000';

/** The variables of one invocation. Only the mini-program door proves the caller's identity. */
function invocationVariables(caller: Caller, appId: string): Record<string, string> {
  return {
    SCF_NAMESPACE: localEnvironmentId,
    TCB_ENV: localEnvironmentId,
    TENCENTCLOUD_RUNENV: 'SCF',
    TENCENTCLOUD_REGION: 'ap-shanghai',
    // Stand for the temporary credentials, which no function may log or return.
    TENCENTCLOUD_SECRETID: 'local-secret-id',
    TENCENTCLOUD_SECRETKEY: 'local-secret-key',
    TENCENTCLOUD_SESSIONTOKEN: 'local-session-token',
    ...(caller.openid !== undefined && {
      WX_CONTEXT_KEYS: 'WX_OPENID,WX_APPID',
      WX_OPENID: caller.openid,
      WX_APPID: appId,
      TCB_SOURCE: 'wx_client',
    }),
    ...(caller.door === 'timer' && { TRIGGER_SRC: 'timer' }),
    ...(caller.now !== undefined && { DEV_NOW: caller.now }),
  };
}

export function platformContext(functionName: string, caller: Caller, appId: string, limits: Limits): PlatformContext {
  const variables = invocationVariables(caller, appId);
  return {
    memory_limit_in_mb: limits.memoryMb,
    time_limit_in_ms: limits.timeoutSeconds * 1000,
    request_id: randomUUID(),
    function_name: functionName,
    function_version: '$LATEST',
    namespace: localEnvironmentId,
    tencentcloud_region: 'ap-shanghai',
    environment: JSON.stringify(variables),
    environ: Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .join(';'),
  };
}

/** The event in the form of each door: a caller controls `data` only. */
export function eventOf(caller: Caller, data: Record<string, unknown>, appId: string): unknown {
  if (caller.door === 'miniprogram') return { ...data, tcbContext: {}, userInfo: { appId, openId: caller.openid } };
  if (caller.door === 'timer') {
    const time = caller.now === undefined ? new Date() : new Date(caller.now);
    const { action: TriggerName = 'local', ...more } = data;
    return { Type: 'Timer', TriggerName, Time: time.toISOString().replace(/\.\d+Z$/, 'Z'), Message: '', ...more };
  }
  return data;
}
