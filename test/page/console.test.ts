import { readdirSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser, soon, useSite } from './site';

describeInBrowser('console and vitals', () => {
  const site = useSite();

  async function openConsole(): Promise<Page> {
    const { page } = await site.visit();
    // The child has signed in before the console uses it.
    await page.locator('.panel-a .wires li[data-state="ok"]').first().waitFor();
    await page.getByRole('button', { name: '控制台' }).click();
    await page.locator('.actions button').first().waitFor();
    return page;
  }

  const choose = (page: Page, fn: string, action: string) =>
    page
      .locator('.actions section')
      .filter({ has: page.getByRole('heading', { name: fn, exact: true }) })
      .getByRole('button', { name: action, exact: true })
      .click();

  async function sent(page: Page): Promise<string> {
    await page.getByRole('button', { name: '发送' }).click();
    return (await page.locator('.outcome[aria-busy="false"] .code').textContent()) ?? '';
  }

  test('every example can be sent as it stands, and its event, answer, log and costs are shown', { timeout: 120_000 }, async () => {
    const page = await openConsole();
    const codes: Record<string, string> = {};
    // Erasing the account comes last, or it would be the end of all others.
    const names = await page
      .locator('.actions section')
      .evaluateAll((sections) =>
        sections.flatMap((section) =>
          [...section.querySelectorAll('button')].map((button) => `${section.querySelector('h3')?.textContent}.${button.textContent}`),
        ),
      );
    expect(names.length).toBeGreaterThan(35);
    for (const name of names.filter((each) => each !== 'user.erase').concat('user.erase')) {
      const [fn = '', action = ''] = name.split('.');
      await choose(page, fn, action);
      codes[name] = await sent(page);
      expect(await page.locator('.shown pre').last().textContent(), name).toContain(`"fn":"${fn}"`);
      expect(await page.locator('.verdict-line').textContent(), name).toMatch(/ms.*SQL \d+ 次/);
    }
    const broken = Object.entries(codes).filter(([, code]) =>
      ['INVALID_INPUT', 'INTERNAL', 'FAULT', 'UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE'].includes(code),
    );
    expect(broken).toEqual([]);
    expect(codes['diary.create']).toBe('OK');
    expect(codes['monitor.collect']).toBe('OK');
  });

  test('the files for the CloudBase console hold the same examples', async () => {
    const catalogue: { actions: { fn: string; action: string; example: unknown }[] } = JSON.parse(
      await (await fetch(`${site.url}/local/catalogue`)).text(),
    );
    for (const file of readdirSync('docs/console-events')) {
      const [fn, action] = file.split('.');
      const entry = catalogue.actions.find((each) => each.fn === fn && each.action === action);
      expect(JSON.parse(readFileSync(`docs/console-events/${file}`, 'utf8')), file).toEqual({ action, data: entry?.example });
    }
  });

  test('each door has its own caller identity', async () => {
    const page = await openConsole();
    await choose(page, 'diary', 'stats');
    for (const door of ['小程序', 'HTTP', '控制台']) {
      await page.getByRole('group', { name: '入口' }).getByRole('button', { name: door }).click();
      expect(await sent(page)).toBe('OK');
    }
    await page.getByRole('group', { name: '身份' }).getByRole('button', { name: '没有登录' }).click();
    await page.getByRole('button', { name: '发送' }).click();
    await page.locator('.code', { hasText: 'UNAUTHENTICATED' }).waitFor();
  });

  test('an example names a diary and a task that exist', async () => {
    const page = await openConsole();
    await choose(page, 'diary', 'create');
    expect(await sent(page)).toBe('OK');
    for (const [fn, action] of [
      ['diary', 'update'],
      ['task', 'complete'],
      ['diary', 'delete'],
    ] as const) {
      await choose(page, fn, action);
      await page.waitForTimeout(500);
      expect(await sent(page), `${fn}.${action}`).toBe('OK');
    }
    await page.goto(page.url());
    await page.locator('.actions button[aria-current="true"]', { hasText: 'delete' }).waitFor();
  });

  test('what is filled in is what is sent', async () => {
    const page = await openConsole();
    await choose(page, 'diary', 'create');
    await page.getByLabel('content').fill('从控制台写的');
    await page.getByLabel('isDraft').selectOption('true');
    expect(await sent(page)).toBe('OK');
    const event = await page.locator('.shown pre').nth(1).textContent();
    expect(JSON.parse(event ?? '')).toMatchObject({
      data: { action: 'create', data: { content: '从控制台写的', isDraft: true, tags: ['周末'] } },
    });
  });

  test('vitals count the calls, name the refusals and say that every ledger adds up', async () => {
    const page = await openConsole();
    await choose(page, 'ai', 'job');
    expect(await sent(page)).toBe('NOT_FOUND');
    await page.getByRole('button', { name: '运行状况' }).click();
    await page.getByRole('row', { name: /sync\.sync/ }).waitFor();
    await soon(() => page.locator('.codes').textContent()).toContain('NOT_FOUND');
    await soon(() => page.locator('.chart rect').count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: '现在检查一遍' }).click();
    await page.getByText('账本每一笔都对得上').waitFor();
  });
});
