import { expect, test } from 'vitest';
import { describeInBrowser, handle, soon, useSite } from './site';

describeInBrowser('moving old data', () => {
  const site = useSite();

  test('old diaries come over with a report that loses none, and show on the other phone', async () => {
    const { page } = await site.visit();
    const a = handle(page, 'a');
    const b = handle(page, 'b');
    await a.press('放入旧版数据');
    await a.phone.getByRole('button', { name: '旧日记搬家' }).click();
    const sheet = a.phone.getByRole('dialog');
    await sheet.getByRole('button', { name: '开始搬家' }).click();
    await sheet.getByText('搬好了，逐日核对一致').waitFor();
    const line = (name: string) => sheet.locator('.report div', { hasText: name }).locator('dd').textContent();
    expect(await line('手机里的文字')).toBe('5');
    expect(await line('合成的日子')).toBe('4');
    expect(await line('丢失')).toBe('0');
    expect(await line('图片')).toBe('1 / 0 / 1');
    expect(await line('积分：申报 / 发放')).toBe('60 / 60');
    await sheet.getByRole('button', { name: '关闭' }).click();
    await b.sees('风筝');
    await b.sees('给奶奶读了一个故事');
    await soon(() => a.phone.getByRole('button', { name: '旧日记搬家' }).count()).toBe(0);
  });

  test('killed halfway, the migration continues where it stopped', async () => {
    const { page } = await site.visit();
    const a = handle(page, 'a');
    await a.press('放入旧版数据');
    await a.phone.getByRole('button', { name: '旧日记搬家' }).click();
    await a.press('丢掉下一个回答');
    await a.phone.getByRole('button', { name: '开始搬家' }).click();
    await a.panel.locator('.wires li[data-state="lost"]').waitFor();
    await a.press('杀掉小程序');
    await a.phone.getByRole('button', { name: '旧日记搬家' }).click();
    await a.phone.getByRole('button', { name: '开始搬家' }).click();
    await a.phone.getByText('搬好了，逐日核对一致').waitFor();
  });
});
