import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findChromium, launchChromium } from '../../dev/browser';
import { startFakeWechat } from '../../dev/fakes/wechat';
import { newChild, select } from '../harness';
import { describeInBrowser, useSite } from './site';

describeInBrowser('a web page of somebody else', () => {
  const site = useSite();
  const foreign = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>foreign</title>'));
  let browser: Browser;

  beforeAll(async () => {
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    // As an attacker's DNS does: one name, at first the attacker's address, then 127.0.0.1.
    browser = await launchChromium(findChromium() ?? '', ['--host-resolver-rules=MAP evil.example 127.0.0.1']);
  });
  afterAll(async () => {
    await browser.close();
    foreign.close();
  });

  const open = async (host: string, base: string): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`http://${host}:${new URL(base).port}/`);
    return page;
  };
  const attacker = (host: string) => open(host, `http://x:${(foreign.address() as AddressInfo).port}`);

  /** What the gateway answers to a request of this page: its status, or what the browser said. */
  const ask = (page: Page, url: string, init: RequestInit = {}): Promise<string> =>
    page.evaluate(
      ([target, options]) =>
        fetch(target, options).then(
          ({ type, status }) => `${type} ${status}`,
          () => 'unreadable',
        ),
      [url, init] as const,
    );

  const gift = (userId: number) =>
    JSON.stringify({
      as: { openid: 'oOperator' },
      data: { action: 'add', requestId: `foreign-${userId}`, data: { userId, amount: 99_999, source: '活动奖励', description: 'a=b' } },
    });

  /** A form whose only field is sent, as text/plain, as this JSON: name and value around its equals sign. */
  function submitForm(url: string, json: string): string {
    const [name, value] = json.split('=');
    return `{
      const form = Object.assign(document.createElement('form'), { method: 'POST', enctype: 'text/plain', action: ${JSON.stringify(url)} });
      form.append(Object.assign(document.createElement('input'), ${JSON.stringify({ name, value })}));
      document.body.append(form);
      form.submit();
    }`;
  }

  test.each(['evil.example', '127.0.0.1'])(
    'at %s gives nobody points as the operator: by fetch, by a form, with any content type',
    async (host) => {
      const { userId } = await newChild();
      const page = await attacker(host);
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/plain;application/json', 'application/json']) {
        const init: RequestInit = { method: 'POST', body: gift(userId), headers: { 'content-type': type } };
        expect(await ask(page, `${site.url}/invoke/points`, init)).toBe('unreadable');
        if (type !== 'application/json') {
          expect(await ask(page, `${site.url}/invoke/points`, { ...init, mode: 'no-cors' })).toBe('opaque 0');
        }
      }
      const [answered] = await Promise.all([
        page.waitForResponse(`${site.url}/invoke/points`),
        page.evaluate(submitForm(`${site.url}/invoke/points`, gift(userId))),
      ]);
      expect(answered.status()).toBe(403);
      expect(await select('SELECT seq FROM point_records WHERE user_id = ?', [userId])).toEqual([]);
    },
  );

  test('would have paid: the same body from this machine’s own programs does', async () => {
    const { userId } = await newChild();
    const answer = await fetch(`${site.url}/invoke/points`, { method: 'POST', body: gift(userId) });
    expect(await answer.json()).toMatchObject({ result: { success: true } });
  });

  test('whose name is rebound to this machine sees neither the page nor the operator’s token', async () => {
    const page = await browser.newPage();
    const answer = await page.goto(`http://evil.example:${new URL(site.url).port}/`);
    expect(answer?.status()).toBe(403);
    for (const path of ['/local/catalogue', '/local/logs?request=x', '/local/vitals', '/page/app.js', '/healthz', '/api/user/profile'])
      expect([path, await ask(page, path)]).toEqual([path, 'basic 403']);
    const init = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    expect(await ask(page, '/invoke/diary', init)).toBe('basic 403');
  });

  test('cannot embed or read what is local, but may link to the gateway', async () => {
    const page = await attacker('evil.example');
    expect(await ask(page, `${site.url}/local/catalogue`)).toBe('unreadable');
    await page.setContent(`<a href="${site.url}">open</a>`);
    await page.click('a');
    await page.waitForURL(`${site.url}/**`);
    expect(await page.title()).toMatch(/成长日记|Growth Diary/);
  });

  test('reaches no fake of an outside service', async () => {
    const wechat = await startFakeWechat();
    const page = await attacker('evil.example');
    await ask(page, `${wechat.url}/sns/jscode2session?appid=a&secret=b&js_code=dev-oX&grant_type=authorization_code`);
    expect(wechat.calls).toEqual({});
    await wechat.stop();
  });
});
