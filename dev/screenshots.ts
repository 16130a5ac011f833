import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { CommandError, localPort, runCommand } from '../scripts/command';
import { chromiumHint, findChromium, launchChromium } from './browser';

const usage = `Takes the pictures of docs/images anew, from the page of a running npm start.

  npm run screenshots

Needs Chromium and a font with Chinese characters.`;

const url = `http://127.0.0.1:${localPort()}`;
const folder = fileURLToPath(new URL('../docs/images/', import.meta.url));

const sizes = { desk: { width: 1440, height: 1000 }, hand: { width: 390, height: 844 } };

const moods = { happy: 0, calm: 1, excited: 2, grateful: 3, tired: 4 };
const skies = { sunny: 0, cloudy: 1, rainy: 2 };

interface Entry {
  daysAgo: number;
  mood: keyof typeof moods;
  sky: keyof typeof skies;
  content: string;
  tags?: string;
  picture?: boolean;
}

const entries: Record<'zh' | 'en', Entry[]> = {
  zh: [
    { daysAgo: 4, mood: 'calm', sky: 'cloudy', content: '读完了《夏洛的网》。' },
    { daysAgo: 3, mood: 'excited', sky: 'sunny', content: '第一次自己骑车到学校门口！' },
    { daysAgo: 2, mood: 'tired', sky: 'rainy', content: '下雨了，体育课改成了跳绳。' },
    { daysAgo: 1, mood: 'grateful', sky: 'cloudy', content: '外婆寄来了一箱橘子，分给同桌两个。', tags: '家人' },
    {
      daysAgo: 0,
      mood: 'happy',
      sky: 'sunny',
      content: '今天和妈妈去公园，小鸭子排着队过马路，最小的那只总是掉队。',
      tags: '周末 家人',
      picture: true,
    },
  ],
  en: [
    { daysAgo: 4, mood: 'calm', sky: 'cloudy', content: 'Finished Charlotte’s Web.' },
    { daysAgo: 3, mood: 'excited', sky: 'sunny', content: 'Rode my bike all the way to school!' },
    { daysAgo: 2, mood: 'tired', sky: 'rainy', content: 'Rain. We skipped rope instead of running.' },
    { daysAgo: 1, mood: 'grateful', sky: 'cloudy', content: 'Grandma sent oranges. I gave two to Lily.', tags: 'family' },
    {
      daysAgo: 0,
      mood: 'happy',
      sky: 'sunny',
      content: 'Ducklings crossed the road in a row. The smallest one was always late.',
      tags: 'weekend',
      picture: true,
    },
  ],
};

const phone = (page: Page, name: 'a' | 'b'): Locator => page.locator(`.phone-${name}`);
const panel = (page: Page, name: 'a' | 'b'): Locator => page.locator(`.panel-${name}`);
const tab = (page: Page, name: 'a' | 'b', which: string): Promise<void> => page.locator(`#${name}-${which}`).click();
const view = (page: Page, index: number): Promise<void> => page.locator('.top nav button').nth(index).click();
/** Toasts go, wheels stand still. */
const calm = (page: Page): Promise<void> => page.waitForTimeout(3_500);

async function write(page: Page, name: 'a' | 'b', { daysAgo, mood, sky, content, tags = '', picture = false }: Entry): Promise<void> {
  const editor = phone(page, name).locator('.editor');
  await phone(page, name).locator('.content > .main-button').click();
  const day = new Date(Date.now() + 8 * 3_600_000 - daysAgo * 86_400_000).toISOString().slice(0, 10);
  if (daysAgo > 0) await editor.locator('input[type=date]').fill(day);
  await editor.locator('.picks').nth(0).getByRole('button').nth(moods[mood]).click();
  await editor.locator('.picks').nth(1).getByRole('button').nth(skies[sky]).click();
  await editor.locator('textarea').fill(content);
  await editor.locator('input[type=text]').fill(tags);
  if (picture) {
    await editor.locator('button.add-picture').click();
    await editor.locator('.picture img').waitFor();
  }
  await editor.locator('.main-button').click();
  await editor.waitFor({ state: 'detached' });
}

async function comment(page: Page): Promise<void> {
  await phone(page, 'a').locator('.card-open').first().click();
  await phone(page, 'a').locator('.editor .wide').click();
  await phone(page, 'a').locator('.sheet .ai').waitFor();
  await phone(page, 'a').locator('.close').click();
}

async function fillPhones(page: Page, language: 'zh' | 'en'): Promise<void> {
  for (const entry of entries[language]) await write(page, 'a', entry);
  await comment(page);
  await tab(page, 'b', 'tasks');
  for (const index of [0, 1]) {
    await phone(page, 'b').getByRole('checkbox').nth(index).click();
    await phone(page, 'b').locator(`.tasks li[data-done="true"] >> nth=${index}`).waitFor();
  }
}

async function conflict(page: Page): Promise<void> {
  const [today] = entries.zh.slice(-1);
  if (!today) return;
  await write(page, 'a', { ...today, picture: false, content: '早上吃了豆浆油条。' });
  await phone(page, 'b').getByText('豆浆').waitFor();
  for (const name of ['a', 'b'] as const) await panel(page, name).getByRole('switch').click();
  await write(page, 'a', { ...today, mood: 'excited', picture: false, content: '早上吃了豆浆油条。中午和小刚踢球，我进了两个！' });
  await write(page, 'b', { ...today, mood: 'calm', picture: false, content: '早上吃了豆浆油条。今天的数学课好难，不过我听懂了。' });
  await panel(page, 'a').getByRole('switch').click();
  await page.waitForTimeout(1_000);
  await panel(page, 'b').getByRole('switch').click();
  await phone(page, 'b').getByRole('dialog').waitFor();
}

async function shoot(browser: Browser, name: string, options: BrowserContextOptions, story: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: sizes.desk, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(`${url}/?child=oPicture${Date.now().toString(36)}`);
  await story(page);
  await calm(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
  console.log(`took docs/images/${name}.png`);
}

async function takeAll(browser: Browser): Promise<void> {
  await shoot(browser, 'phones.zh-CN', {}, (page) => fillPhones(page, 'zh'));
  await shoot(browser, 'phones', { locale: 'en-GB' }, (page) => fillPhones(page, 'en'));
  await shoot(browser, 'conflict', {}, conflict);
  await shoot(browser, 'wheel-dark', { colorScheme: 'dark' }, async (page) => {
    await fillPhones(page, 'zh');
    await tab(page, 'a', 'calendar');
    await tab(page, 'b', 'wheel');
    await phone(page, 'b').locator('.content > .main-button').click();
  });
  await shoot(browser, 'migration', {}, async (page) => {
    await panel(page, 'a').locator('.load').click();
    await phone(page, 'a').locator('.notices button').click();
    await phone(page, 'a').locator('.sheet .main-button').click();
    await phone(page, 'a').locator('.report').waitFor();
  });
  await shoot(browser, 'console', {}, async (page) => {
    await panel(page, 'a').locator('.wires li[data-state="ok"]').first().waitFor();
    await view(page, 1);
    await page.locator('.order .main-button').click();
    await page.locator('.code').waitFor();
  });
  await shoot(browser, 'vitals', {}, async (page) => {
    await view(page, 2);
    await page.locator('.tile .quiet').click();
  });
  await shoot(browser, 'small', { viewport: sizes.hand }, async (page) => {
    await fillPhones(page, 'zh');
    await phone(page, 'a').evaluate((section) => section.scrollIntoView());
  });
}

await runCommand({ usage }, async () => {
  const executable = findChromium();
  if (executable === null) throw new CommandError(chromiumHint);
  const answers = await fetch(`${url}/healthz`).catch(() => null);
  if (!answers) throw new CommandError(`Nothing answers at ${url}. Start it with: npm start`);
  await mkdir(folder, { recursive: true });
  const browser = await launchChromium(executable);
  try {
    await takeAll(browser);
  } finally {
    await browser.close();
  }
});
