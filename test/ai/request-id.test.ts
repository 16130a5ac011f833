import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { beforeAll, expect, test, vi } from 'vitest';
import { type FakeWebhook, startFakeWebhook } from '../../dev/fakes/webhook';
import { main as ai } from '../../functions/ai/index';
import { main as diary } from '../../functions/diary/index';
import { main as monitor } from '../../functions/monitor/index';
import type { Envelope } from '../../shared/errors';
import { config } from '../../shared/runtime/config';
import { countCall, reportCalls } from '../../shared/runtime/metrics';
import { configure, fire, newChild, select, send, TODAY, withoutRateLimits } from '../harness';
import { settingsFor, useServices } from './services';

withoutRateLimits();
configure({ contentCheck: 'https' });
const services = useServices(ai);

beforeAll(() => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const access = { appId: randomUUID(), keyId: 'key', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  config().ai = { ...settingsFor(services.coze), access };
});

/** What reached the fakes since the last look, by path. */
const seen: Record<string, number> = {};
function arrivals(): Record<string, string[]> {
  const fresh: Record<string, string[]> = {};
  for (const { requestIds } of [services.coze, services.wechat]) {
    for (const [path, ids] of Object.entries(requestIds)) {
      const news = ids.slice(seen[path] ?? 0);
      seen[path] = ids.length;
      if (news.length > 0) fresh[path] = [...new Set(news)];
    }
  }
  return fresh;
}

/** That these paths were called, each by this call and by no other. */
const expectCaused = ({ requestId }: Envelope, paths: string[]): void => {
  expect(requestId).toMatch(/./);
  expect(arrivals()).toEqual(Object.fromEntries(paths.map((path) => [path, [requestId]])));
};

test('whatever leaves for Coze or WeChat bears the id of the call that it leaves for', async () => {
  const { openid } = await newChild();
  arrivals();
  // WeChat's token of an earlier test has run out by then.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 3_600_000 });
  const written = await send(diary, openid, 'create', { date: TODAY, content: '今天画了一幅画' });
  vi.useRealTimers();
  expectCaused(written, ['/cgi-bin/stable_token', '/wxa/msg_sec_check']);
  const [row] = await select<{ id: number }>('SELECT d.id FROM diaries d JOIN users u ON u.id = d.user_id WHERE u.openid = ?', [openid]);

  const commented = await send(ai, openid, 'commentDiary', { diaryId: row?.id });
  expectCaused(commented, [
    '/api/permission/oauth2/token',
    '/v1/conversation/create',
    '/v3/chat',
    '/v3/chat/retrieve',
    '/v3/chat/message/list',
    '/wxa/msg_sec_check',
  ]);

  services.startsFunctions = false;
  const drawn = await send(ai, openid, 'generateImage', { diaryId: row?.id });
  expectCaused(drawn, ['/v1/workflow/run', '/pictures/plain', '/wxa/msg_sec_check', '/wxa/media_check_async']);
});

test('an alert bears the id of the run that sends it', async () => {
  // A minute of its own, in which nobody else's calls went well, and nothing that others have left open.
  const now = '2025-01-24T19:07:00.000Z';
  await select('DELETE FROM incidents');
  const webhook: FakeWebhook = await startFakeWebhook();
  config().webhookUrl = `${webhook.url}/cgi-bin/webhook/send?key=test`;
  const facts = { action: 'diary.list', code: 'INTERNAL', ms: 3, mysql: { ms: 1, waitMs: 0, slow: 0 }, redisMs: 1 } as const;
  for (let each = 0; each < 40; each += 1) countCall({ ...facts, now: new Date(now) });
  await reportCalls(true);
  const { requestId } = await fire(monitor, 'collect', now);
  config().webhookUrl = null;
  await webhook.stop();
  expect(webhook.messages).not.toEqual([]);
  expect(new Set(webhook.requestIds['/cgi-bin/webhook/send'])).toEqual(new Set([requestId]));
});
