import { describe, expect, test } from 'vitest';
import { TODAY, withoutRateLimits } from '../harness';
import { edit, newWorld } from './world';

withoutRateLimits();

describe('an addition to a day', () => {
  test('made on two phones without a network stays on both, each under its own time', async () => {
    const world = newWorld();
    const [first, second] = [world.phone().start(), world.phone().start()];
    for (const app of [first, second]) {
      await app.login();
      await app.sync.now();
      app.network(false);
    }
    expect(await first.diary.append({ content: '爸爸的手机' })).toMatchObject({
      diary: { date: TODAY, content: '—— 12:00 ——\n爸爸的手机', pending: true },
      pending: true,
    });
    await second.diary.append({ content: '妈妈的手机', tags: ['家'] });
    for (const app of [first, second, first]) {
      app.network(true);
      await app.sync.now();
    }
    for (const app of [first, second]) {
      const { diary } = await app.diary.get({ date: TODAY });
      expect(diary).toMatchObject({ content: '—— 12:00 ——\n爸爸的手机\n\n—— 12:00 ——\n妈妈的手机', tags: ['家'] });
      expect(app.sync.conflicts()).toEqual([]);
      expect(app.sync.status()).toMatchObject({ pending: 0 });
    }
  });

  test('is queued after this phone’s own text, and an edit after it is no conflict', async () => {
    const world = newWorld();
    const app = world.phone().start();
    await app.login();
    await app.sync.now();
    app.network(false);
    await app.diary.create({ date: TODAY, content: '早上' });
    await app.diary.append({ content: '晚上' });
    expect(await app.diary.get({ date: TODAY })).toMatchObject({ diary: { content: '早上\n\n—— 12:00 ——\n晚上' } });
    await edit(app, TODAY, { content: '改过的' });
    app.network(true);
    await app.sync.now();
    expect(app.sync.conflicts()).toEqual([]);
    expect(await app.diary.get({ date: TODAY })).toMatchObject({ diary: { content: '改过的' } });
    const { revisions } = await app.diary.history({ date: TODAY });
    expect(revisions).toMatchObject([{ content: '早上\n\n—— 12:00 ——\n晚上' }]);
  });

  test('without words is refused with the field', async () => {
    const app = newWorld().phone().start();
    await app.login();
    await expect(app.diary.append({ content: '  ' })).rejects.toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'content' }] });
  });
});

describe('history and trash on a phone', () => {
  test('a deleted diary is restored from the trash and shown on another phone', async () => {
    const world = newWorld();
    const [first, second] = [world.phone().start(), world.phone().start()];
    await first.login();
    await first.diary.create({ date: TODAY, content: '删掉的' });
    await first.diary.delete({ date: TODAY });
    const { diaries } = await first.diary.trash();
    expect(diaries).toMatchObject([{ reason: 'deleted', content: '删掉的' }]);
    expect(await first.diary.restore({ revisionId: String(diaries[0]?.id) })).toMatchObject({ diary: { content: '删掉的' }, reward: null });
    await second.login();
    await second.sync.now();
    expect(await second.diary.get({ date: TODAY })).toMatchObject({ diary: { content: '删掉的' } });
    expect((await first.diary.trash()).diaries).toEqual([]);
  });

  test('a published text over a draft of another phone leaves the draft in the history', async () => {
    const world = newWorld();
    const [first, second] = [world.phone().start(), world.phone().start()];
    await first.login();
    await first.diary.create({ date: TODAY, content: 'long', isDraft: true });
    await second.login();
    await second.sync.now();
    await second.diary.create({ date: TODAY, content: 'x' });
    const { revisions } = await second.diary.history({ date: TODAY });
    expect(revisions.map(({ content }) => content)).toContain('long');
  });
});
