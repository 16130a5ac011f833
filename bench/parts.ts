import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../dev/services/process';
import { load, median } from './load';
import { asked, connectOurs, ourEnvironment } from './ours';
import { connectPeer, isOpen, type Peer, peerEnvironment } from './peer';
import { compile, memoryMb, startProcess, stopProcess } from './program';
import { openidOf } from './seed';
import type { Stage } from './stage';
import type { Table } from './table';

const whole = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(0));

/** What serve() costs when the operation does nothing: CPU, less that of the socket and the JSON in the host. */
export async function measurePipeline(stage: Stage, ms: number, rounds: number): Promise<Table> {
  const arena = await stage.arena(0, 16);
  const callers = 8;
  const invocations = {
    socket: asked({ action: 'nothing.at-all' }),
    call: asked({ action: 'pipeline.echo', data: { date: '2025-01-18', content: '今天很开心', tags: ['学习'] } }),
    refused: asked({ action: 'user.profile' }),
  };
  const ours = await Promise.all(Array.from({ length: callers }, () => connectOurs(arena.ours.ports[0] ?? 0)));
  const costs: Record<keyof typeof invocations, number[]> = { socket: [], call: [], refused: [] };
  const cost = async (pid: number, operation: (caller: number) => Promise<unknown>): Promise<number> =>
    (await load(operation, { callers, ms, pids: { product: pid, mysqld: 0, redis: 0 } })).cpu.product;
  const peers = await Promise.all(
    arena.peers.map(async ({ name, program }) => ({
      name,
      pid: program.pid,
      clients: await Promise.all(Array.from({ length: callers }, () => connectPeer(program.ports[0] ?? 0))),
      costs: [] as number[],
    })),
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ['socket', 'call', 'refused'] as const) {
      costs[name].push(await cost(arena.ours.pid, async (caller) => ours[caller]?.ask(invocations[name])));
    }
    for (const peer of peers) {
      const refused = { method: 'GET', path: '/api/user/profile' } as const;
      peer.costs.push(await cost(peer.pid, async (caller) => peer.clients[caller]?.call(refused, 401)));
    }
  }
  for (const client of [...ours, ...peers.flatMap(({ clients }) => clients)]) client.close();
  const socket = median(costs.socket);
  return {
    title: 'The pipeline without I/O',
    note: `CPU of the process, ${callers} callers. The line of a socket in the host is not part of the product and is taken off.`,
    head: ['', 'µs of CPU a call', 'less the socket'],
    rows: [
      ['a socket and its JSON (the host of this measurement)', whole(socket), ''],
      ['serve(): context, identity, zod, envelope, access log', whole(median(costs.call)), whole(median(costs.call) - socket)],
      ['serve(): a call without proof of who calls is refused', whole(median(costs.refused)), whole(median(costs.refused) - socket)],
      ...peers.map((peer) => [`the stack of ${peer.name}, refusing the same`, whole(median(peer.costs)), '']),
    ],
  };
}

/** Milliseconds from spawn to the first line that a process prints. */
function untilFirstLine(file: string, args: string[], env: Record<string, string>): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, [file, ...args], {
    env: { TZ: 'UTC', NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'answered') resolve(performance.now() - started);
      else if (line.startsWith('refused')) reject(new Error(line));
    });
    child.once('error', reject);
  });
}

/** A fresh process each time, in turn; the files are in the system's cache, as in a warm data centre. */
export async function measureColdStarts(stage: Stage, rounds: number): Promise<Table> {
  const runner = await compile('cold', stage.folder);
  const diary = stage.bundles.find(({ name }) => name === 'diary');
  if (!diary) throw new Error('there is no bundle of diary');
  const invocation = JSON.stringify(asked({ action: 'diary.list', openid: openidOf(1), data: { limit: 10 } }));
  const env = ourEnvironment({ ...stage.ourSettings(2) });
  const times: Record<'empty' | 'ours', number[]> = { empty: [], ours: [] };
  const theirs = stage.peers.map((peer) => ({ peer, times: [] as number[] }));
  for (let round = 0; round <= rounds; round += 1) {
    const empty = await untilFirstLine(runner, [], {});
    const ours = await untilFirstLine(runner, [diary.file, invocation], env);
    for (const { peer, times: ofPeer } of theirs) ofPeer.push(await coldPeer(stage, peer));
    if (round === 0) continue; // to warm the file cache
    times.empty.push(empty);
    times.ours.push(ours);
  }
  const kilobytes = whole(diary.bytes / 1_000);
  return {
    title: 'Cold start',
    note: `Milliseconds from spawn to the first answer, median of ${rounds}; the first answer needs MySQL, and in ours Redis as well.`,
    head: ['', 'ms', 'bundle KB'],
    rows: [
      ['an empty function', whole(median(times.empty)), ''],
      ['the function diary answers its first list', whole(median(times.ours)), kilobytes],
      ...theirs.map(({ peer, times: ofPeer }) => [
        `${peer.name}, from node_modules, answers its first balance`,
        whole(median(ofPeer.slice(1))),
        '',
      ]),
    ],
  };
}

async function coldPeer(stage: Stage, peer: Peer): Promise<number> {
  const port = await freePort();
  const started = performance.now();
  const env = { ...peerEnvironment(stage.peerSettings(peer, 2)), PORT: String(port) };
  const child = startProcess({ file: 'src/server.js', cwd: peer.folder, env, log: `${stage.folder}/cold-${peer.name}.log` });
  while (!(await isOpen(port))) await sleep(1);
  const client = await connectPeer(port);
  await client.call({ method: 'GET', path: '/api/points/balance', userId: 1 });
  const ms = performance.now() - started;
  client.close();
  await stopProcess(child);
  return ms;
}

interface Memory {
  ours: number;
  peers: { name: string; mb: number }[];
}

export async function memoryNow(stage: Stage): Promise<Memory> {
  const { ours, peers } = await stage.arena(0, 16);
  return { ours: memoryMb(ours.pid), peers: peers.map(({ name, program }) => ({ name, mb: memoryMb(program.pid) })) };
}

export async function measureMemory(stage: Stage, atStart: Memory): Promise<Table> {
  const after = await memoryNow(stage);
  return {
    title: 'Memory',
    note: 'Resident megabytes; ours holds all functions in one process.',
    head: ['', 'at start', 'after the load'],
    rows: [
      ['ours', whole(atStart.ours), whole(after.ours)],
      ...after.peers.map(({ name, mb }, index) => [name, whole(atStart.peers[index]?.mb ?? Number.NaN), whole(mb)]),
    ],
  };
}
