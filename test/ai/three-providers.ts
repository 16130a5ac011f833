import { readFileSync } from 'node:fs';
import { afterAll, beforeAll } from 'vitest';
import { type FakeCompletions, startFakeCloudbaseAi, startFakeOpenai } from '../../dev/fakes/completions';
import type { AiSettings } from '../../shared/runtime/ai-settings';
import { config } from '../../shared/runtime/config';
import { leadCloudbaseTo } from './cloudbase-line';
import { type Services, settingsFor } from './services';

export const providerNames = ['coze', 'openai', 'cloudbase'] as const;
export type ProviderName = (typeof providerNames)[number];

export interface Line {
  settings: AiSettings;
  /** How the settings read in a function's environment. */
  env: Record<string, string>;
  /** Calls carried out for a text that contains `marker`. */
  paid(marker: string): number;
  /** Calls for a text that contains `marker`, whatever became of them. */
  asked(marker: string): number;
  prompts: readonly string[];
  /** Every request that reached the provider. */
  requests(): number;
}

const pem = (name: string): string => readFileSync(new URL(`../trust/tls/${name}.pem`, import.meta.url), 'utf8');
const sum = (calls: Readonly<Record<string, number>>): number => Object.values(calls).reduce((total, each) => total + each, 0);

function lineTo(fake: Pick<FakeCompletions, 'paid' | 'prompts' | 'calls'>, settings: AiSettings, env: Record<string, string>): Line {
  return {
    settings,
    env,
    prompts: fake.prompts,
    paid: fake.paid,
    asked: (marker) => fake.prompts.filter((prompt) => prompt.includes(marker)).length,
    requests: () => sum(fake.calls),
  };
}

/** The three providers as fakes; the one named is the configured one for the tests of a block. */
export function useProvider(name: ProviderName, services: Services): Line {
  const line = {} as Line;
  let before: AiSettings | null;
  const ends: (() => unknown)[] = [];

  async function open(): Promise<Line> {
    if (name === 'coze') {
      const env = { COZE_API_BASE: services.coze.url, COZE_TOKEN: 'pat-test', COZE_BOT_ID: 'bot', COZE_WORKFLOW_ID: 'flow' };
      return lineTo(services.coze, settingsFor(services.coze), env);
    }
    if (name === 'openai') {
      const fake = await startFakeOpenai();
      ends.push(fake.stop);
      const env = { AI_BASE_URL: `${fake.url}/v1`, AI_KEY: 'sk-test', AI_MODEL: 'fake', AI_PICTURE_MODEL: 'fake-picture' };
      const { AI_BASE_URL: baseUrl, AI_KEY: key, AI_MODEL: model, AI_PICTURE_MODEL: pictureModel } = env;
      return lineTo(fake, { provider: 'openai', baseUrl, key, model, pictureModel, pictureHosts: [] }, env);
    }
    const fake = await startFakeCloudbaseAi({ key: pem('server-key'), cert: pem('server') }, services.coze.url);
    const { port } = new URL(fake.url);
    ends.push(fake.stop, leadCloudbaseTo(Number(port)));
    const models = { group: 'hunyuan-exp', model: 'hunyuan-turbos-latest', pictureModel: 'v1.9' };
    const env = { AI_PROVIDER: 'cloudbase', TEST_GATEWAY_PORT: port, NODE_NO_WARNINGS: '1' };
    return lineTo(fake, { provider: 'cloudbase', ...models, pictureHosts: [new URL(services.coze.url).origin] }, env);
  }

  beforeAll(async () => {
    Object.assign(line, await open());
    before = config().ai;
    config().ai = line.settings;
  });
  afterAll(async () => {
    config().ai = before;
    for (const end of ends) await end();
  });
  return line;
}
