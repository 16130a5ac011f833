import { config } from '../runtime/config';
import type { Errand } from '../runtime/context';
import { within } from '../within';
import { CannotCheck, type Inspector, RISKY_CODE, scenes, suggestionIn } from './inspector';

interface Answer {
  result?: unknown;
  traceId?: string;
}

type Sdk = typeof import('wx-server-sdk');

let opened: Promise<Sdk> | undefined;

async function open(): Promise<Sdk> {
  const settings = config().cloud;
  if (settings === null) throw new CannotCheck(0);
  const { default: sdk } = await import('wx-server-sdk');
  sdk.init({ env: settings.environmentId });
  return sdk;
}

async function ask(call: 'msgSecCheck' | 'mediaCheckAsync', data: object, { deadline }: Errand): Promise<Answer> {
  try {
    opened ??= open();
    const { openapi } = await opened;
    return await within(deadline - Date.now(), openapi.security[call](data), () => new CannotCheck(0));
  } catch (error) {
    const code = error instanceof Error && 'errCode' in error ? Number(error.errCode) : 0;
    if (code === RISKY_CODE) return { result: { suggest: 'risky' } };
    throw new CannotCheck(code);
  }
}

/** Calls WeChat's SDK with the function's own identity. The rights in config.json take effect only when uploaded with WeChat's tool. */
export const openapiInspector: Inspector = {
  async inspectText(content, scene, openid, errand) {
    const { result } = await ask('msgSecCheck', { version: 2, openid, scene: scenes[scene], content }, errand);
    return suggestionIn(result);
  },
  async submitPicture(url, openid, errand) {
    const { traceId } = await ask('mediaCheckAsync', { version: 2, openid, scene: scenes.ai, mediaType: 2, mediaUrl: url }, errand);
    if (!traceId) throw new CannotCheck(0);
    return traceId;
  },
};
