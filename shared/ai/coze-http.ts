import type { CozeSettings } from '../runtime/ai-settings';
import type { Errand } from '../runtime/context';
import { cozeToken, forgetCozeToken } from './coze-token';
import { type Bag, objectIn, request } from './http';
import { ProviderError, type Trouble } from './provider';

const REQUEST_TIMEOUT_MS = 5_000;

/** https://www.coze.cn/open/docs/developer_guides/coze_error_codes; sent with HTTP 200 or with an error status. */
const troubles: Record<number, Trouble> = {
  4000: 'misconfigured',
  4100: 'misconfigured',
  4101: 'misconfigured',
  4200: 'misconfigured',
  4013: 'busy',
  /** Another chat of the conversation is in progress. */
  4016: 'occupied',
  /** Limits of the conversation and of the plan. An earlier accepted question may be what reached them. */
  4019: 'occupied',
  4028: 'occupied',
  429: 'busy',
};

const troubleOf = (code: number): Trouble => troubles[code] ?? (code >= 5_000 || (code >= 500 && code < 600) ? 'down' : 'misconfigured');

interface CozeAsk {
  method: 'GET' | 'POST';
  path: string;
  params?: Record<string, string>;
  body?: object;
  patienceMs?: number;
}

/** One request with our token. Throws when Coze's own code is not 0; an error code with HTTP 200 is normal. */
export async function askCoze(
  settings: CozeSettings,
  { path, patienceMs = REQUEST_TIMEOUT_MS, ...ask }: CozeAsk,
  errand: Errand,
): Promise<Bag> {
  const { baseUrl } = settings;
  const bearer = await cozeToken(settings, async (tokenPath, body, signed) =>
    objectIn(await request({ method: 'POST', url: baseUrl + tokenPath, body, bearer: signed, patienceMs }, errand)),
  );
  const answer = objectIn(await request({ ...ask, url: baseUrl + path, bearer, patienceMs }, errand));
  const { code } = answer;
  if (typeof code !== 'number') throw new ProviderError('malformed', 'no code');
  if (code === 4100) forgetCozeToken();
  if (code !== 0) throw new ProviderError(troubleOf(code), code);
  return answer;
}
