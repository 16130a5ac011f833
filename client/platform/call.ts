import type { CallRequest, Wx } from '../types';
import { GrowthDiaryError, noAnswer, timedOut, transportError } from './error';
import { given, isBag, isText } from './text';

type Schedule = (run: () => void, ms: number) => () => void;

/** A function answers within 20 s or never. */
const PATIENCE_MS = 25_000;

/** WeChat signs these calls itself: no token is sent. */
const viaCloud =
  (wx: Wx, prefix: string) =>
  ({ name, action, data, requestId, guardianToken, lang }: CallRequest): Promise<unknown> => {
    if (!wx.cloud) return Promise.reject(new Error('wx.cloud is missing'));
    return wx.cloud.callFunction({
      name: prefix + name,
      data: given({ action, data, requestId, guardianToken, lang }),
    });
  };

/** `data` of the envelope, or the error in it. After anything else it is open what became of the call. */
function unwrap(answer: unknown): unknown {
  const envelope = isBag(answer) && 'result' in answer ? answer.result : answer;
  if (!isBag(envelope)) throw noAnswer();
  const { requestId, error } = envelope;
  if (envelope.success === true) return envelope.data;
  if (envelope.success !== false || !isBag(error) || !isText(error.code)) throw noAnswer();
  throw new GrowthDiaryError(error.code, { ...error, requestId });
}

interface Transport {
  wx: Wx;
  call: ((request: CallRequest) => Promise<unknown>) | undefined;
  prefix: string;
  lang: CallRequest['lang'];
  schedule: Schedule;
  /** The network has carried a call. */
  answered(): void;
}

/** One call, one answer: what the function gave, or a GrowthDiaryError. */
export function openCall({ wx, call, prefix, lang, schedule, answered }: Transport): (request: CallRequest) => Promise<unknown> {
  const send = call ? (request: CallRequest) => call({ ...request, name: prefix + request.name }) : viaCloud(wx, prefix);
  return (asked) =>
    new Promise<unknown>((resolve, reject) => {
      const giveUp = schedule(() => reject(timedOut()), PATIENCE_MS);
      // A transport may throw as well as reject.
      Promise.resolve()
        .then(() => send(lang === undefined ? asked : { ...asked, lang }))
        .then(
          (answer) => {
            answered();
            resolve(answer);
          },
          (error) => reject(transportError(error)),
        )
        .then(giveUp);
    }).then(unwrap);
}
