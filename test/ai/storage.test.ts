import { describe, expect, test } from 'vitest';
import { main as ai } from '../../functions/ai/index';
import { main as diary } from '../../functions/diary/index';
import { upload } from '../../shared/storage/storage';
import { type Child, newChild, ok, TODAY } from '../harness';
import { useServices } from './services';

const services = useServices(ai);

const asked = (): number => services.cloud.actions['storage.batchGetDownloadUrl'] ?? 0;

async function picture({ userId }: Child, name: string): Promise<string> {
  return upload(`users/${userId}/${name}.png`, Buffer.from(name));
}

const write = async ({ openid }: Child, date: string, images: string[]): Promise<{ id: number }> =>
  (await ok(diary, openid, 'create', { date, content: '有图', images })).diary;

describe('beside the pictures of a diary', () => {
  test('are temporary links, requested once for a whole page and then cached', async () => {
    const child = await newChild();
    const link = 'https://mmbiz.qpic.cn/a.png';
    for (const day of ['20', '21', '22']) await write(child, `2025-01-${day}`, [link, await picture(child, day)]);
    const before = asked();
    const { diaries } = await ok(diary, child.openid, 'list');
    expect(asked()).toBe(before + 1);
    const [{ images, imageUrls }] = diaries;
    expect(images).toEqual([link, expect.stringMatching(/^cloud:/)]);
    expect(imageUrls[0]).toBe(link);
    expect(await (await fetch(imageUrls[1])).text()).toBe('22');
    expect((await ok(diary, child.openid, 'list')).diaries).toEqual(diaries);
    expect((await ok(diary, child.openid, 'get', { date: TODAY })).diary).toEqual(diaries[0]);
    expect(asked()).toBe(before + 1);
  });

  test('is no link and no request where the file is not ours', async () => {
    const child = await newChild();
    await write(child, TODAY, ['https://mmbiz.qpic.cn/a.png']);
    const before = asked();
    const { diary: read } = await ok(diary, child.openid, 'get', { date: TODAY });
    expect(read).not.toHaveProperty('imageUrls');
    expect(asked()).toBe(before);
  });

  test('are no links for files that no longer exist', async () => {
    const child = await newChild();
    await write(child, TODAY, [`cloud://test.bucket/users/${child.userId}/gone.png`, await picture(child, 'here')]);
    expect((await ok(diary, child.openid, 'get', { date: TODAY })).diary).not.toHaveProperty('imageUrls');
  });

  test('more pictures than one question may name are asked for in several', async () => {
    const child = await newChild();
    for (const day of ['20', '21']) {
      const files = await Promise.all(Array.from({ length: 30 }, (_, index) => picture(child, `${day}-${index}`)));
      await write(child, `2025-01-${day}`, files);
    }
    const before = asked();
    const { diaries } = await ok(diary, child.openid, 'list');
    expect(asked()).toBe(before + 2);
    expect(diaries.map(({ imageUrls }: { imageUrls: string[] }) => imageUrls.length)).toEqual([30, 30]);
  });

  test('a storage that fails or does not answer never fails the read; after three failures it is not called for a while', async () => {
    const child = await newChild();
    await write(child, TODAY, [await picture(child, 'a')]);
    services.cloud.behave('failing');
    const read = async () => (await ok(diary, child.openid, 'get', { date: TODAY })).diary;
    expect(await read()).not.toHaveProperty('imageUrls');
    services.cloud.behave('slow');
    const started = Date.now();
    for (const _ of [2, 3]) expect(await read()).not.toHaveProperty('imageUrls');
    expect(Date.now() - started).toBeLessThan(4_500);
    const before = asked();
    expect(await read()).not.toHaveProperty('imageUrls');
    expect(asked()).toBe(before);
    services.cloud.behave('well');
  });
});
