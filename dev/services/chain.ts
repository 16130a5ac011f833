import { reasonOf } from './process';

/** A server program that can be started. */
export interface Program {
  command: string;
  arguments: string[];
  version: string;
  /** For people: where it comes from. */
  source: string;
}

export interface Rung {
  name: string;
  find: () => Promise<Program>;
}

/** Tries the sources in order until a program is found and starts; collects the reason of every failure. */
export async function firstThatStarts<T>(rungs: Rung[], reasons: string[], start: (program: Program) => Promise<T>): Promise<T | null> {
  for (const { name, find } of rungs) {
    try {
      return await start(await find());
    } catch (error) {
      reasons.push(`${name}: ${reasonOf(error)}`);
    }
  }
  return null;
}

export function explain(title: string, reasons: string[], waysOut: string[]): string {
  const list = (lines: string[]): string => lines.map((line) => `  - ${line}`).join('\n');
  return `${title} could not be started. What was tried:\n${list(reasons)}\nWays out:\n${list(waysOut)}`;
}
