import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import type { Asked } from './ours';

// Every built function in one process, as the peer is one process, asked over a socket: one JSON per line, one answer at a time.
// Arguments: name=file of each bundle.

type Main = (event: unknown, context: unknown) => Promise<unknown>;

const load = createRequire(__filename);
const mains = new Map(
  process.argv.slice(2).map((argument): [string, Main] => {
    const [name = '', file = ''] = argument.split('=');
    return [name, load(file).main];
  }),
);
// Answers at once: what the socket and the JSON cost.
mains.set('nothing', async () => ({ success: true }));

const server = createServer({ noDelay: true }, (socket) => {
  const contexts = new Map<string, object>();
  let rest = '';
  socket.setEncoding('utf8').on('data', async (chunk: string) => {
    rest += chunk;
    const end = rest.indexOf('\n');
    if (end < 0) return;
    const { name, event, caller, context }: Asked = JSON.parse(rest.slice(0, end));
    rest = rest.slice(end + 1);
    if (context) contexts.set(caller, context);
    const answer = await mains.get(name)?.(event, { ...contexts.get(caller), request_id: randomUUID() });
    socket.write(`${JSON.stringify(answer)}\n`);
  });
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => process.send?.({ ports: [(server.address() as AddressInfo).port] }));
process.on('SIGTERM', () => process.exit(0));
