import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { chromiumHint, findChromium, launchChromium } from '../../dev/browser';
import { buildFunctions } from '../../scripts/build/functions';
import { newOpenid } from '../harness';
import { startLocalCloud } from '../local-cloud';

const { CI } = process.env;
const executable = findChromium();
if (executable === null) console.warn(`${chromiumHint}${CI ? '' : ' Without it the page is not tested.'}`);

/** Skipped where no browser is; but what is built for everyone is tested in one. */
export const describeInBrowser = describe.skipIf(executable === null && !CI);

interface Visit {
  page: Page;
  /** Whatever a browser would complain about, or would have asked of another machine. */
  complaints: string[];
}

export interface Site {
  readonly url: string;
  readonly folder: string;
  /** Opens the page as a child nobody has seen before, in a browser without a past. */
  visit(options?: { language?: string; width?: number; height?: number; scheme?: 'light' | 'dark' }): Promise<Visit>;
}

/** A gateway with the page, and a browser to look at it, for the tests of one file. No visit may end with a complaint. */
export function useSite(): Site {
  const stops: (() => Promise<void>)[] = [];
  const visits: Visit[] = [];
  let folder = '';
  let url = '';
  let browser: Browser;

  beforeAll(async () => {
    if (executable === null) throw new Error(chromiumHint);
    folder = await mkdtemp(join(tmpdir(), 'page-'));
    stops.push(() => rm(folder, { recursive: true }));
    await buildFunctions({ outDir: folder });
    ({ url } = await startLocalCloud(folder, stops));
    browser = await launchChromium(executable);
    stops.push(() => browser.close());
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
    expect(visits.flatMap(({ complaints }) => complaints)).toEqual([]);
  });

  return {
    get url() {
      return url;
    },
    get folder() {
      return folder;
    },
    async visit({ language = 'zh-CN', width = 1440, height = 980, scheme = 'light' } = {}) {
      const context = await browser.newContext({ locale: language, viewport: { width, height }, colorScheme: scheme });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('requestfailed', (request) => {
        // A page that is left, or loaded again, drops what it still waits for.
        if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()}`);
      });
      page.on('request', (request) => {
        if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(url)) complaints.push(`left: ${request.url()}`);
      });
      page.on('response', (response) => {
        if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
      });
      page.setDefaultTimeout(patienceMs);
      await page.goto(`${url}/?child=${newOpenid()}`);
      const visit = { page, complaints };
      visits.push(visit);
      return visit;
    },
  };
}

/** The machine may be busy with other tests: what comes at all comes within this. */
const patienceMs = 20_000;

/** As expect.poll, with as much patience as the browser's own waits have. */
export const soon = <T>(read: () => T) => expect.poll(read, { timeout: patienceMs });

type PhoneName = 'a' | 'b';

/** What one does with a phone of the page. */
export function handle(page: Page, name: PhoneName) {
  const phone: Locator = page.locator(`.phone-${name}`);
  const panel: Locator = page.locator(`.panel-${name}`);
  const textField = phone.getByLabel('今天发生了什么？');
  return {
    phone,
    panel,
    queue: panel.locator('.queue li'),
    wires: panel.locator('.wires li'),
    airplane: () => panel.getByRole('switch', { name: '飞行模式' }).click(),
    press: (button: string) => panel.getByRole('button', { name: button }).click(),
    tab: (tab: string) => phone.getByRole('tab', { name: tab }).click(),
    async fill(content: string): Promise<void> {
      await phone.getByRole('button', { name: /写今天/ }).click();
      await textField.fill(content);
    },
    async save(): Promise<void> {
      await phone.getByRole('button', { name: '保存', exact: true }).click();
      // What was refused stays in the editor, and a toast says why.
      const said = new Set<string | null>();
      for (const until = Date.now() + patienceMs; await textField.isVisible(); await page.waitForTimeout(50)) {
        said.add(await phone.locator('.toast').textContent());
        if (Date.now() > until) throw new Error(`not saved: ${[...said].join(' ')}`);
      }
    },
    async write(content: string): Promise<void> {
      await this.fill(content);
      await this.save();
    },
    sees: (content: string) => phone.locator('.card', { hasText: content }).waitFor(),
  };
}
