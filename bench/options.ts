import { CommandError } from '../scripts/command';

export interface Options {
  /** Parts of row names; empty means all. */
  only: string[];
  /** How many call at once. */
  callers: number[];
  /** Milliseconds added to every trip to MySQL and Redis. */
  trips: number[];
  rounds: number;
  roundMs: number;
  /** With a million diaries as well. */
  long: boolean;
}

export const usage = `Measures calls a second and CPU beside other servers of the same design, and writes bench/results.

npm run bench -- [only=draw,profile] [c=1,16] [rtt=0,1] [rounds=3] [ms=1500] [quick] [long]
  only    rows and parts whose names contain one of these words (parts: cold, pipeline, floors, home, sync, growth)
  c       callers at once; rtt: milliseconds added to every trip to MySQL and Redis
  quick   one short round: to see that it runs, not how fast
  long    also with a million diaries
PEERS names the folders of the other servers, separated by commas; without it only this product and the floors are measured.`;

const numbers = (text: string | undefined, fallback: number[]): number[] => (text ? text.split(',').map(Number) : fallback);

export function readOptions(words: string[]): Options {
  const given = new Map(words.map((word) => [word.split('=', 1)[0] ?? word, word.slice(word.indexOf('=') + 1)]));
  const unknown = [...given.keys()].find((name) => !['only', 'c', 'rtt', 'rounds', 'ms', 'quick', 'long'].includes(name));
  if (unknown !== undefined) throw new CommandError(`There is no option '${unknown}'. See: npm run bench -- --help`);
  const quick = given.has('quick');
  return {
    only: given.get('only')?.split(',') ?? [],
    callers: numbers(given.get('c'), [1, 16]),
    trips: numbers(given.get('rtt'), [0, 1]),
    rounds: Number(given.get('rounds') ?? (quick ? 1 : 3)),
    roundMs: Number(given.get('ms') ?? (quick ? 500 : 1_500)),
    long: given.has('long'),
  };
}

export const isWanted = ({ only }: Options, name: string): boolean => only.length === 0 || only.some((word) => name.includes(word));
