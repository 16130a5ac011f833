import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type FakeCoze, startFakeCoze } from '../../dev/fakes/coze';
import type { Fake } from '../../dev/fakes/server';
import { type FakeCloud, startFakeCloud } from '../../dev/fakes/storage';
import { judge, startFakeWechat, takePicture } from '../../dev/fakes/wechat';
import { platformContext } from '../../dev/gateway/context';
import { succeeded } from '../../shared/ai/breaker';
import type { CozeSettings } from '../../shared/runtime/ai-settings';
import { type Config, config } from '../../shared/runtime/config';
import { openCache } from '../../shared/runtime/redis';
import { appId, type Main, NOON } from '../harness';

/** What the platform gives every function, and without which its SDKs complain or end the process. */
const surroundings = {
  TENCENTCLOUD_RUNENV: 'SCF',
  TENCENTCLOUD_REGION: 'ap-shanghai',
  TENCENTCLOUD_SECRETID: 'id',
  TENCENTCLOUD_SECRETKEY: 'key',
  SCF_NAMESPACE: 'test',
};

export const settingsFor = ({ url }: { url: string }): CozeSettings => ({
  provider: 'coze',
  baseUrl: url,
  botId: 'bot',
  workflowId: 'flow',
  access: { token: 'pat-test' },
  pictureHosts: ['*.byteimg.com'],
});

export interface Services {
  coze: FakeCoze;
  cloud: FakeCloud;
  wechat: Fake;
  /** Whether one function can start another. */
  startsFunctions: boolean;
}

/** A provider, a cloud and WeChat for the tests of one file. `main`: what a call from function to function reaches. */
export function useServices(main: Main, settings: Partial<Config> = {}): Services {
  const services = { startsFunctions: true } as Services;
  /** As the platform starts a function for another one: with the first caller's identity, and in its own time. */
  const invoke = async (name: string, event: unknown): Promise<unknown> => {
    if (!services.startsFunctions) throw new Error(`${name} does not start`);
    const context = platformContext(name, { door: 'miniprogram', openid: 'oSomeone', now: NOON }, appId, {
      timeoutSeconds: 60,
      memoryMb: 256,
    });
    return main(event, context);
  };
  let before: Config;

  beforeAll(async () => {
    before = { ...config() };
    const [coze, cloud, wechat] = await Promise.all([
      startFakeCoze(),
      startFakeCloud({ invoke, openapi: (name, { content }) => (name.endsWith('msgSecCheck') ? judge(String(content)) : takePicture()) }),
      startFakeWechat(),
    ]);
    Object.assign(services, { coze, cloud, wechat });
    Object.assign(process.env, surroundings, { TCB_CONTEXT_CNFG: JSON.stringify({ URL: `${cloud.url}/admin` }) });
    Object.assign(config(), { cloud: { environmentId: 'test' }, ai: settingsFor(coze), ...settings });
    config().wechat = { appId, secret: 'secret', apiBase: wechat.url };
  });
  beforeEach(async () => {
    await succeeded(openCache());
    // A test that is tried again counts its own orders alone.
    services.coze.forget();
  });
  afterAll(async () => {
    Object.assign(config(), before);
    for (const name of [...Object.keys(surroundings), 'TCB_CONTEXT_CNFG']) delete process.env[name];
    await Promise.all([services.coze.stop(), services.cloud.stop(), services.wechat.stop()]);
  });
  return services;
}

/** Every request that left for the outside. */
export const outgoing = ({ coze, cloud, wechat }: Services): number =>
  [coze, cloud, wechat].flatMap(({ calls }) => Object.values(calls)).reduce((sum, count) => sum + count, 0);
