import { createServer } from 'node:net';

export interface RefusingMysql {
  readonly port: number;
  /** How often it was asked. */
  readonly refusals: number;
  stop(): Promise<void>;
}

/** A MySQL that greets every connection with an error, as one that is being resumed (9449) or that is full (1040) does. */
export async function startRefusingMysql(errno: number, message: string): Promise<RefusingMysql> {
  const head = Buffer.alloc(3);
  head[0] = 0xff;
  head.writeUInt16LE(errno, 1);
  const body = Buffer.concat([head, Buffer.from(message)]);
  const packet = Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]);
  const fake = { port: 0, refusals: 0, stop: () => new Promise<void>((resolve) => server.close(() => resolve())) };
  const server = createServer((socket) => {
    fake.refusals += 1;
    socket.on('error', () => {});
    socket.end(packet);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  fake.port = typeof address === 'object' && address !== null ? address.port : 0;
  return fake;
}
