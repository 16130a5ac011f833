import { type AddressInfo, connect, createServer } from 'node:net';

// A TCP proxy that delays everything sent to the server: the network between a function and its database.
// Arguments: milliseconds, then host:port of each server. Tells its ports in the same order.

const [delayMs = '1', ...targets] = process.argv.slice(2);

const proxy = (target: string): Promise<number> => {
  const [host, port] = target.split(':');
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: host ?? '', port: Number(port), noDelay: true });
    client.on('data', (chunk) => setTimeout(() => upstream.writable && upstream.write(chunk), Number(delayMs)));
    upstream.on('data', (chunk) => client.write(chunk));
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
};

Promise.all(targets.map(proxy)).then((ports) => process.send?.({ ports }));
