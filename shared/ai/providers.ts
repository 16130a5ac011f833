import type { AiSettings } from '../runtime/ai-settings';
import { config } from '../runtime/config';
import { cloudbaseProvider } from './cloudbase';
import { cozeProvider } from './coze';
import { openaiProvider } from './openai';
import { type Provider, ProviderError } from './provider';

function openProvider(settings: AiSettings): Provider {
  if (settings.provider === 'coze') return cozeProvider(settings);
  return settings.provider === 'openai' ? openaiProvider(settings) : cloudbaseProvider(settings);
}

/** The configured provider; null without one. */
export function findProvider(): Provider | null {
  const { ai } = config();
  return ai && openProvider(ai);
}

/** The configured provider, for jobs that were accepted while one was configured. */
export function requireProvider(): Provider {
  const provider = findProvider();
  if (provider === null) throw new ProviderError('misconfigured', 'unset');
  return provider;
}
