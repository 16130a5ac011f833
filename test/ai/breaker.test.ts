import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { admitted, failed, succeeded } from '../../shared/ai/breaker';
import { type Config, config } from '../../shared/runtime/config';
import { openCache } from '../../shared/runtime/redis';

describe.each(['shared through Redis', 'of one instance, without Redis'])('the breaker %s', (kind) => {
  let redis: Config['redis'];
  beforeEach(async () => {
    ({ redis } = config());
    await succeeded(openCache());
    if (kind.includes('without')) config().redis = null;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  });
  afterEach(async () => {
    vi.useRealTimers();
    config().redis = redis;
    await succeeded(openCache());
  });

  const fail = async (times: number) => {
    for (let time = 0; time < times; time += 1) await failed(openCache());
  };
  const askAll = () => Promise.all(Array.from({ length: 10 }, () => admitted(openCache())));

  test('opens after five failures in a row, and not after five with a success between', async () => {
    await fail(4);
    await succeeded(openCache());
    await fail(4);
    expect(await askAll()).not.toContain(false);
    await fail(1);
    expect(await askAll()).not.toContain(true);
  });

  test('probes with one call after 30 seconds: a failure keeps the breaker open, a success closes it', async () => {
    await fail(5);
    vi.setSystemTime(Date.now() + 30_001);
    expect((await askAll()).filter(Boolean)).toHaveLength(1);
    await fail(1);
    expect(await askAll()).not.toContain(true);
    vi.setSystemTime(Date.now() + 30_001);
    expect((await askAll()).filter(Boolean)).toHaveLength(1);
    await succeeded(openCache());
    expect(await askAll()).not.toContain(false);
  });

  test('probes again when the first probe never reported back', async () => {
    await fail(5);
    vi.setSystemTime(Date.now() + 30_001);
    expect((await askAll()).filter(Boolean)).toHaveLength(1);
    vi.setSystemTime(Date.now() + 30_001);
    expect((await askAll()).filter(Boolean)).toHaveLength(1);
  });
});
