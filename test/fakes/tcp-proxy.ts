import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface TcpProxy {
  readonly port: number;
  /** Connections that were opened through it. */
  readonly opened: number;
  /** Requests that went to the server: chunks, which are whole where one waits for the answer to the other. */
  readonly requests: number;
  /** Each chunk arrives so much later, in either direction. */
  latencyMs: number;
  /** Lines stay up and carry nothing more. */
  blackHole: boolean;
  /** Resets what is open and refuses new connections until `listen`. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  /** Resets what is open. */
  reset(): void;
  /** Resets a connection once so many of its bytes have gone one way; holds for every connection opened from now on until null. */
  cutAfter(limit: { toServer: number } | { toClient: number } | null): void;
  /** The next request that holds `text`: never reaches the server, or is carried out while its answer is lost. Resets the connection. */
  loseRequest(text: string): void;
  loseAnswer(text: string): void;
  /** What clients send says `to` instead of `from` (of the same length) from now on, or so many times. */
  tamper(from: string, to: string, times?: number): void;
  stop(): Promise<void>;
}

/** A line to a server on the loopback that misbehaves as told. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const loss: { text: string; answered: boolean } = { text: '', answered: false };
  let tampering = { from: '', to: '', times: 0 };
  let limits = { toServer: Number.POSITIVE_INFINITY, toClient: Number.POSITIVE_INFINITY };

  function join(client: Socket): void {
    const upstream = createConnection(target);
    const left = { ...limits };
    let losingAnswer = false;
    proxy.opened += 1;
    const cut = () => {
      client.resetAndDestroy();
      upstream.destroy();
    };
    const before = { toServer: Promise.resolve(), toClient: Promise.resolve() };
    /** However the latency changes, nothing overtakes what went before it. */
    const carry = (direction: 'toServer' | 'toClient', write: () => void) => {
      const due = Date.now() + proxy.latencyMs;
      before[direction] = before[direction].then(async () => {
        if (due > Date.now()) await wait(due - Date.now());
        write();
      });
    };
    const limited = (direction: 'toServer' | 'toClient', to: Socket, chunk: Buffer) => {
      left[direction] -= chunk.length;
      const whole = left[direction] >= 0;
      carry(direction, () => {
        if (to.destroyed) return;
        if (whole) to.write(chunk);
        else to.end(chunk.subarray(0, left[direction]), () => cut());
      });
    };
    client.on('data', (chunk) => {
      if (proxy.blackHole) return;
      proxy.requests += 1;
      if (loss.text !== '' && chunk.includes(loss.text)) {
        loss.text = '';
        if (!loss.answered) return cut();
        losingAnswer = true;
      }
      const at = tampering.times === 0 ? -1 : chunk.indexOf(tampering.from);
      if (at >= 0) {
        tampering.times -= 1;
        chunk.write(tampering.to, at);
      }
      limited('toServer', upstream, chunk);
    });
    upstream.on('data', (chunk) => {
      if (proxy.blackHole) return;
      if (losingAnswer) return cut();
      limited('toClient', client, chunk);
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
  }

  const reset = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  let server: Server | null = null;
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server = createServer(join)
        .once('error', reject)
        .listen(port, '127.0.0.1', function (this: Server) {
          const address = this.address();
          resolve(typeof address === 'object' && address !== null ? address.port : 0);
        });
    });
  const refuse = async () => {
    const closing = server;
    server = null;
    await new Promise<void>((resolve) => {
      if (closing === null) return resolve();
      closing.close(() => resolve());
      reset();
    });
  };

  const port = await listen(0);
  const proxy = {
    port,
    opened: 0,
    requests: 0,
    latencyMs: 0,
    blackHole: false,
    refuse,
    listen: async () => void (await listen(port)),
    reset,
    cutAfter(limit: { toServer: number } | { toClient: number } | null) {
      limits = { toServer: Number.POSITIVE_INFINITY, toClient: Number.POSITIVE_INFINITY, ...limit };
    },
    loseRequest: (text: string) => void Object.assign(loss, { text, answered: false }),
    loseAnswer: (text: string) => void Object.assign(loss, { text, answered: true }),
    tamper(from: string, to: string, times = Number.POSITIVE_INFINITY) {
      tampering = { from, to, times };
    },
    stop: refuse,
  };
  return proxy;
}
