import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { describeInBrowser, handle, soon, useSite } from './site';

async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message ?? ''}`));
}

describeInBrowser('for everyone', () => {
  const site = useSite();

  describe.each(['light', 'dark'] as const)('in %s colours', (scheme) => {
    test('no view has an accessibility barrier', { timeout: 120_000 }, async () => {
      const { page } = await site.visit({ scheme });
      const a = handle(page, 'a');
      await a.write('今天学会了骑车');
      await a.sees('今天学会了骑车');
      expect(await barriers(page), 'diary').toEqual([]);
      for (const tab of ['日历', '任务', '抽奖', '积分']) {
        await a.tab(tab);
        await page.waitForTimeout(400);
        expect(await barriers(page), tab).toEqual([]);
      }
      await a.tab('日记');
      await a.phone.getByRole('button', { name: '接着写今天的' }).click();
      await page.waitForTimeout(400);
      expect(await barriers(page), 'editor').toEqual([]);
      await a.phone.getByRole('button', { name: '历史' }).click();
      await page.waitForTimeout(400);
      expect(await barriers(page), 'history').toEqual([]);
      await page.getByRole('button', { name: '控制台' }).click();
      await page.getByRole('button', { name: '发送' }).click();
      await page.locator('.code').waitFor();
      expect(await barriers(page), 'console').toEqual([]);
      await page.getByRole('button', { name: '运行状况' }).click();
      await page.locator('.vitals table').waitFor();
      expect(await barriers(page), 'vitals').toEqual([]);
    });
  });

  test('a diary can be written with the keyboard alone', async () => {
    const { page } = await site.visit();
    const a = handle(page, 'a');
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await a.phone.getByRole('button', { name: '写今天的日记' }).focus();
    await press('Enter');
    await a.phone.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await a.phone.getByRole('dialog').waitFor({ state: 'detached' });
    await soon(() => a.phone.getByRole('button', { name: '写今天的日记' }).evaluate((button) => button.matches(':focus'))).toBe(true);
    await press('Enter');
    await a.phone.getByLabel('今天发生了什么？').focus();
    await page.keyboard.insertText('键盘写的');
    await a.phone.getByRole('button', { name: '保存', exact: true }).focus();
    await press('Enter');
    await a.sees('键盘写的');
    await a.phone.getByRole('tab', { name: '日记' }).focus();
    await press('ArrowRight', 'ArrowRight');
    await soon(() => a.phone.getByRole('tab', { name: '任务' }).getAttribute('aria-selected')).toBe('true');
  });

  test('it uses the browser’s language, and switches on request', async () => {
    const { page } = await site.visit({ language: 'en-GB' });
    await page.getByRole('button', { name: 'Write today’s diary' }).first().waitFor();
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('button', { name: '写今天的日记' }).first().waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await page.reload();
    await page.getByRole('button', { name: '写今天的日记' }).first().waitFor();
  });

  test('in English the server refuses in English', async () => {
    const { page } = await site.visit({ language: 'en-GB' });
    await page.getByRole('button', { name: 'Console' }).first().click();
    await page.getByRole('button', { name: 'job', exact: true }).click();
    for (const door of ['Mini-program', 'Console']) {
      await page.getByRole('group', { name: 'Door' }).getByRole('button', { name: door }).click();
      await page.getByRole('button', { name: 'Send' }).click();
      await soon(() => page.locator('.shown pre').first().textContent()).toContain('"message": "Nothing was found"');
    }
  });

  test('on a phone-sized screen nothing is cut off at the side', async () => {
    const { page } = await site.visit({ width: 375, height: 720 });
    for (const view of ['两部手机', '控制台', '运行状况']) {
      await page.getByRole('button', { name: view, exact: true }).click();
      await page.waitForTimeout(500);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth'), view).toBeLessThanOrEqual(375);
    }
  });

  test('the page with the SDK weighs at most 150 KB, compressed', async () => {
    const folder = join(site.folder, 'page');
    const sizes = await Promise.all((await readdir(folder)).map(async (name) => gzipSync(await readFile(join(folder, name))).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150_000);
  });

  test('a file outside the folder of pictures is refused, and the page may ask its own gateway alone', async () => {
    expect((await fetch(`${site.url}/local/files/..%2Fsecret`)).status).toBe(400);
    expect((await fetch(site.url)).headers.get('content-security-policy')).toContain("default-src 'self'");
  });
});
