import { contest, type Measured } from './load';
import { turnsOf } from './measure';
import { readRows } from './rows';
import { openStage, type Stage } from './stage';
import type { Table } from './table';

const ROWS = ['diary list, page 1', 'diary detail'];
const USERS = 10_000;

/** The same reads on a hundred thousand and on a million diaries, each on its own server, in alternation. */
export async function measureGrowth(
  small: Stage,
  { rounds, ms, report }: { rounds: number; ms: number; report: (line: string) => void },
): Promise<Table> {
  const large = await openStage({ users: USERS, perUser: 100, report });
  const rows: string[][] = [];
  try {
    for (const name of ROWS) {
      const [inSmall, inLarge] = await Promise.all(
        [small, large].map(async (stage) => {
          const row = readRows(stage).find((candidate) => candidate.name === name);
          if (!row) throw new Error(`there is no row ${name}`);
          return turnsOf(stage, row, { callers: 16, tripMs: 0, ms });
        }),
      );
      if (!inSmall || !inLarge) continue;
      const compare = async (product: string, many: () => Promise<Measured>, few: () => Promise<Measured>) => {
        const { ours, others } = await contest(rounds, many, [{ name: 'small', turn: few }]);
        const { measured, ratio = 1 } = others[0] ?? {};
        rows.push([`${name}, ${product}`, measured?.perSecond.toFixed(0) ?? '', ours.perSecond.toFixed(0), (1 / ratio).toFixed(2)]);
      };
      await compare('ours', inLarge.ours, inSmall.ours);
      for (const [index, peer] of inLarge.peers.entries()) {
        const small = inSmall.peers[index];
        if (small)
          await compare(
            peer.name,
            () => peer.turn(),
            () => small.turn(),
          );
      }
    }
  } finally {
    await large.stop();
  }
  return { title: 'Growth', head: ['', '100,000 diaries', 'a million', 'times slower'], rows };
}
