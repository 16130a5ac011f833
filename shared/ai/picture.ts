import { config } from '../runtime/config';
import type { Errand } from '../runtime/context';
import { ProviderError } from './provider';
import { publicLookup } from './public-lookup';

const MAX_BYTES = 10 * 1_024 * 1_024;
const TIMEOUT_MS = 15_000;
const REDIRECTS = 3;

export interface Picture {
  bytes: Buffer;
  extension: 'png' | 'jpg' | 'webp';
}

/** The format, detected from the bytes; the provider's content type is ignored. SVG is refused, because it is a document with scripts. */
function extensionOf(bytes: Buffer): Picture['extension'] | null {
  if (bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return 'png';
  if (bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))) return 'jpg';
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return 'webp';
  return null;
}

/** Checks that the bytes are a picture and not too large. */
export function pictureOf(bytes: Buffer): Picture {
  const extension = extensionOf(bytes);
  if (extension === null || bytes.length > MAX_BYTES) throw new ProviderError('unusable', 'picture type');
  return { bytes, extension };
}

/** On a developer's machine a fake provider serves its pictures itself, or from an origin that is configured in full. */
const isStandIn = (url: URL): boolean => {
  const { ai, environment } = config();
  if (environment === 'production' || ai === null) return false;
  return ai.pictureHosts.includes(url.origin) || ('baseUrl' in ai && url.origin === new URL(ai.baseUrl).origin);
};

function requireAllowed(url: URL): void {
  const hosts = config().ai?.pictureHosts ?? [];
  const isListed = hosts.some((host) => (host.startsWith('*.') ? url.hostname.endsWith(host.slice(1)) : url.hostname === host));
  const isPlain = url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === '';
  if (!isStandIn(url) && !(isListed && isPlain)) throw new ProviderError('unusable', 'picture host');
}

interface Hop {
  status: number;
  location: string | undefined;
  bytes: Buffer;
}

async function get(url: URL, { requestId, deadline }: Errand): Promise<Hop> {
  const [{ default: axios }, { Agent }] = await Promise.all([import('axios'), import('node:https')]);
  const timeoutMs = Math.max(1, Math.min(TIMEOUT_MS, deadline - Date.now()));
  const lookup = isStandIn(url) ? undefined : await publicLookup();
  try {
    const { status, headers, data } = await axios.get<ArrayBuffer>(url.href, {
      headers: { 'x-request-id': requestId },
      responseType: 'arraybuffer',
      timeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
      maxContentLength: MAX_BYTES,
      // Each redirect is checked before it is followed.
      maxRedirects: 0,
      validateStatus: (code) => code < 400,
      proxy: false,
      ...(lookup && { httpsAgent: new Agent({ lookup, keepAlive: false }) }),
    });
    const { location } = headers;
    return { status, location: typeof location === 'string' ? location : undefined, bytes: Buffer.from(data) };
  } catch {
    throw new ProviderError('unusable', 'picture');
  }
}

/** Fetches a provider's picture link. Accepts only a picture of limited size from an allowed host. */
export async function fetchPicture(link: string, errand: Errand): Promise<Picture> {
  let url = URL.canParse(link) ? new URL(link) : null;
  for (let hop = 0; url !== null && hop <= REDIRECTS; hop += 1) {
    requireAllowed(url);
    const { status, location, bytes } = await get(url, errand);
    if (status < 300) {
      return pictureOf(bytes);
    }
    url = location !== undefined && URL.canParse(location, url.href) ? new URL(location, url.href) : null;
  }
  throw new ProviderError('unusable', 'picture link');
}
