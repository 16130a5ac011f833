import { AppError } from '../errors';
import { config } from '../runtime/config';

type Sdk = typeof import('@cloudbase/node-sdk');
export type Cloud = ReturnType<Sdk['init']>;

const SILENCE_MS = 90_000;

let cloud: Promise<Cloud> | undefined;

/** The environment this function runs in. The SDK weighs a megabyte: it is loaded by the first call that needs it. */
export function openCloud(): Promise<Cloud> {
  const settings = config().cloud;
  // Without credentials the SDK ends the process by a rejection that nobody can catch.
  if (settings === null) throw new AppError('UNAVAILABLE', { message: '云存储尚未配置' });
  cloud ??= import('@cloudbase/node-sdk').then(({ default: { init } }) =>
    // For a model that thinks before its first word. Everything else names its own, shorter one.
    init({ env: settings.environmentId, keepalive: false, timeout: SILENCE_MS }),
  );
  return cloud;
}
