import { expect, test } from 'vitest';
import { newWorld } from './world';

test.each([
  ['zh', /积分不够|奖品都抽完/],
  ['en', /^(Not enough points|All prizes are gone)/],
] as const)('with lang %s the server’s sentences are in that language', async (lang, sentence) => {
  const app = newWorld().phone().start({ lang });
  await expect(app.lottery.draw()).rejects.toThrow(sentence);
});
