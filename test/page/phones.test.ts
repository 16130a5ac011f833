import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser, handle, soon, useSite } from './site';

describeInBrowser('two phones', () => {
  const site = useSite();

  async function pair() {
    const { page } = await site.visit();
    return { page, a: handle(page, 'a'), b: handle(page, 'b') };
  }

  test('what is written on one phone appears on the other, with mood, weather, tags and picture, and pays once', async () => {
    const { a, b } = await pair();
    await a.fill('看到好多小鸭子');
    await a.phone.getByRole('button', { name: '开心' }).click();
    await a.phone.getByRole('button', { name: '晴', exact: true }).click();
    await a.phone.getByLabel('标签，用空格隔开').fill('周末 家人');
    await a.phone.getByRole('button', { name: '画一张' }).click();
    await a.phone.locator('.picture img').waitFor();
    await a.save();
    await b.sees('看到好多小鸭子');
    const card = b.phone.locator('.card');
    expect(await card.locator('.tags span').allTextContents()).toEqual(['周末', '家人']);
    await soon(() => card.locator('img').evaluate((image) => 'naturalWidth' in image && image.naturalWidth)).toBe(480);
    await b.tab('积分');
    await soon(() => b.phone.locator('.balance b').textContent()).toBe('5');
    await b.tab('日历');
    expect(await b.phone.locator('.day[data-today="true"]').getAttribute('aria-label')).toContain('开心');
    await soon(() => b.phone.locator('.streak').textContent()).toContain('连续 1 天');
  });

  test('a text that was overwritten and a diary that was deleted come back on both phones', async () => {
    const { a, b } = await pair();
    const open = () => a.phone.getByRole('button', { name: '接着写今天的' }).click();
    await a.write('看到一只翠鸟');
    await open();
    await a.phone.getByLabel('今天发生了什么？').fill('没什么');
    await a.save();
    await b.sees('没什么');
    await open();
    await a.phone.getByRole('button', { name: '历史' }).click();
    await a.phone.locator('.kept', { hasText: '看到一只翠鸟' }).getByRole('button', { name: '恢复这一份' }).click();
    await b.sees('看到一只翠鸟');
    await open();
    await a.phone.getByRole('button', { name: '删除', exact: true }).click();
    await soon(() => b.phone.locator('.card').count()).toBe(0);
    await b.phone.getByRole('button', { name: '写今天的日记' }).click();
    await b.phone.getByRole('button', { name: '最近删除' }).click();
    await b.phone.getByRole('button', { name: '恢复这一份' }).first().click();
    await a.sees('看到一只翠鸟');
  });

  test('the mood of the day is recorded with one touch and pays once, whichever phone changes it', async () => {
    const { a, b } = await pair();
    await a.tab('日历');
    await b.tab('日历');
    await a.phone.getByRole('button', { name: '兴奋' }).first().click();
    await a.phone.getByRole('status').filter({ hasText: '+5 分' }).waitFor();
    const mood = (name: string) => b.phone.locator('.picks').getByRole('button', { name });
    await soon(() => mood('兴奋').getAttribute('aria-pressed')).toBe('true');
    await mood('平静').click();
    await soon(() => a.phone.locator('.day[data-today="true"]').getAttribute('aria-label')).toContain('平静');
    await a.tab('积分');
    await soon(() => a.phone.locator('.balance b').textContent()).toBe('5');
  });

  test('tasks, the wheel and the ledger agree on both phones', async () => {
    const { a, b } = await pair();
    await a.tab('任务');
    await a.phone.getByRole('checkbox').first().click();
    await soon(() => a.phone.locator('.progress-line p').textContent()).toContain('完成 1 /');
    await a.phone.getByRole('checkbox').nth(1).click();
    await soon(() => a.phone.locator('.progress-line p').textContent()).toContain('完成 2 /');
    await b.tab('抽奖');
    await b.phone.locator('.odds').waitFor();
    const odds = await b.phone.locator('.odds b').allTextContents();
    expect(odds.reduce((sum, text) => sum + Number.parseFloat(text), 0)).toBeCloseTo(100, 1);
    await b.phone.getByRole('button', { name: /抽一次/ }).click();
    await b.phone.getByRole('status').filter({ hasText: /抽/ }).waitFor();
    await a.tab('积分');
    await soon(() => a.phone.locator('.plain-list li').count()).toBeGreaterThanOrEqual(3);
    const moved = await a.phone.locator('.moved b').allTextContents();
    const sum = moved.reduce((total, text) => total + Number(text.replace('−', '-')), 0);
    await soon(async () => Number(await a.phone.locator('.balance b').textContent())).toBe(sum);
  });

  test('the AI says something about a diary, and both phones show it', async () => {
    const { a, b } = await pair();
    await a.write('今天学会了骑车');
    await a.phone.getByRole('button', { name: /^打开/ }).click();
    await a.phone.getByRole('button', { name: '请 AI 说说' }).click();
    await a.phone.locator('.sheet .ai').waitFor();
    await soon(() => b.phone.locator('.card .ai').count()).toBe(1);
  });

  test('both write one day in airplane mode: the queues drain, the child chooses, no text is lost', async () => {
    const { a, b } = await pair();
    await a.write('早上吃了豆浆');
    await b.sees('早上吃了豆浆');
    await a.airplane();
    await b.airplane();
    for (const [each, text] of [
      [a, '中午踢了球'],
      [b, '下午听懂了数学'],
    ] as const) {
      await each.phone.getByRole('button', { name: '接着写今天的' }).click();
      await each.phone.getByLabel('今天发生了什么？').fill(text);
      await each.save();
      await soon(() => each.queue.count()).toBe(1);
      await each.sees(text);
    }
    await a.airplane();
    await soon(() => a.queue.count()).toBe(0);
    await b.airplane();
    const sheet = b.phone.getByRole('dialog', { name: '两部手机都写了这一天' });
    await sheet.waitFor();
    expect(await sheet.locator('.side p').allTextContents()).toEqual(['下午听懂了数学', '中午踢了球']);
    await sheet.getByRole('button', { name: '合在一起' }).click();
    await sheet.waitFor({ state: 'detached' });
    for (const each of [a, b]) {
      await each.sees('中午踢了球');
      await each.sees('下午听懂了数学');
      expect(await each.queue.count()).toBe(0);
    }
  });

  test('with “newest wins” the losing text is in the list of kept texts', async () => {
    const { page, a, b } = await pair();
    await page.getByLabel('冲突时').selectOption('newest');
    await a.write('第一稿');
    await b.sees('第一稿');
    await b.airplane();
    await b.phone.getByRole('button', { name: '接着写今天的' }).click();
    await b.phone.getByLabel('今天发生了什么？').fill('早写的一稿');
    await b.save();
    await a.phone.getByRole('button', { name: '接着写今天的' }).click();
    await a.phone.getByLabel('今天发生了什么？').fill('晚写的一稿');
    await a.save();
    await b.airplane();
    await b.sees('晚写的一稿');
    await b.phone.getByRole('button', { name: '1 份留存' }).click();
    expect(await b.phone.getByRole('dialog').locator('.side p').textContent()).toBe('早写的一稿');
  });

  test('a lost answer, a doubled request and a killed app change nothing: one diary, one reward', async () => {
    const { a, b } = await pair();
    await soon(() => a.wires.count()).toBeGreaterThan(1);
    await a.press('丢掉下一个回答');
    await a.fill('回答丢了也不怕');
    await a.phone.getByRole('button', { name: '保存', exact: true }).click();
    await a.panel.locator('.wires li[data-state="lost"]').waitFor();
    await a.press('杀掉小程序');
    await a.sees('回答丢了也不怕');
    await soon(() => a.queue.count()).toBe(0);
    await a.press('下一个请求发两遍');
    await a.tab('任务');
    await a.phone.getByRole('checkbox').first().click();
    await soon(() => a.phone.locator('.progress-line p').textContent()).toContain('完成 1 /');
    await b.tab('积分');
    await soon(() => b.phone.locator('.plain-list li').count()).toBe(2);
    await b.tab('日记');
    await b.sees('回答丢了也不怕');
    expect(await b.phone.locator('.card').count()).toBe(1);
  });

  test('a wrong phone clock has no effect: a phone set to 1970 still shows the server’s today', async () => {
    const { a, b } = await pair();
    await soon(() => a.panel.locator('.wires li[data-state="ok"]').count()).toBeGreaterThan(1);
    const before = await a.wires.count();
    await a.panel.getByLabel('手机时钟').selectOption('old');
    await a.phone.getByText('1970-01-01').waitFor();
    // A phone looks at the server's clock whenever it hears from it.
    await soon(() => a.panel.locator('.wires li[data-state="ok"]').count()).toBeGreaterThan(before);
    await a.write('时钟错了，日子没错');
    await b.sees('时钟错了，日子没错');
    expect(await b.phone.getByRole('button', { name: '接着写今天的' }).count()).toBe(1);
  });

  test('two children see nothing of each other', async () => {
    const { page, a, b } = await pair();
    await page.getByLabel('登录', { exact: true }).selectOption('two');
    await a.write('只有小明知道');
    await b.write('只有小红知道');
    await soon(() => b.phone.locator('.card').allTextContents()).toEqual([expect.stringContaining('只有小红知道')]);
    expect(await a.phone.locator('.card').allTextContents()).toEqual([expect.stringContaining('只有小明知道')]);
  });

  test('the demo child has eight weeks of diaries, tasks, points and draws', async () => {
    const { page, a, b } = await pair();
    await page.getByRole('button', { name: '示例孩子' }).click();
    await soon(() => a.phone.locator('.streak').textContent()).toContain('共 51 篇');
    expect(new URL(page.url()).searchParams.get('child')).toBe('oDemo');
    await b.tab('积分');
    await soon(() => b.phone.locator('.balance b').textContent()).toMatch(/^\d{3,}$/);
    await b.tab('抽奖');
    await b.phone.locator('.odds').waitFor();
  });

  test.each<[string, (page: Page, a: ReturnType<typeof handle>) => Promise<void>]>([
    ['✕', async (_, a) => a.phone.getByRole('button', { name: '关闭' }).click()],
    ['Escape', async (page) => page.keyboard.press('Escape')],
    ['a killed app', async (_, a) => a.press('杀掉小程序')],
    ['a reloaded page', async (page) => void (await page.reload())],
  ])('a half-written text survives %s', async (_, leave) => {
    const { page, a, b } = await pair();
    await a.fill('写到一半');
    await leave(page, a);
    await a.phone.getByRole('dialog').waitFor({ state: 'detached' });
    await a.phone.getByRole('button', { name: '写今天的日记' }).click();
    await soon(() => a.phone.getByLabel('今天发生了什么？').inputValue()).toBe('写到一半');
    await a.phone.getByText('上次没保存的文字还在').waitFor();
    await a.phone.getByLabel('今天发生了什么？').fill('写到一半，写完了');
    await a.save();
    await b.sees('写到一半，写完了');
    await a.phone.getByRole('button', { name: '接着写今天的' }).click();
    await soon(() => a.phone.getByLabel('今天发生了什么？').inputValue()).toBe('写到一半，写完了');
    expect(await a.phone.getByText('上次没保存的文字还在').count()).toBe(0);
  });
});
