import { type Fake, startFake } from './server';

export interface FakeWebhook extends Fake {
  /** Messages that the robot accepted, oldest first. */
  messages: readonly string[];
  /** What it answers from now on: an errcode, or `down` for HTTP 502 with a page. */
  answer(how: number | 'down'): void;
}

/** The robot of a WeCom group: takes markdown of at most 4096 bytes, and refuses with HTTP 200. */
export async function startFakeWebhook(): Promise<FakeWebhook> {
  const messages: string[] = [];
  let how: number | 'down' = 0;
  const fake = await startFake({
    'POST /cgi-bin/webhook/send': ({ query, body }) => {
      if (how === 'down') return { status: 502, body: '<html>Bad Gateway</html>' };
      if (!query.get('key')) return { body: { errcode: 93000, errmsg: 'invalid webhook url' } };
      if (how !== 0) return { body: { errcode: how, errmsg: 'as told' } };
      const { msgtype, markdown }: { msgtype?: string; markdown?: { content?: string } } = JSON.parse(body);
      const content = markdown?.content ?? '';
      if (msgtype !== 'markdown' || content === '') return { body: { errcode: 40008, errmsg: 'invalid message type' } };
      if (Buffer.byteLength(content) > 4_096) return { body: { errcode: 40058, errmsg: 'content too long' } };
      messages.push(content);
      return { body: { errcode: 0, errmsg: 'ok' } };
    },
  });
  return {
    ...fake,
    messages,
    answer: (next) => {
      how = next;
    },
  };
}
