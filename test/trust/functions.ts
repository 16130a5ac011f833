import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Contract } from '../../shared/contract';
import type { Main } from '../harness';

type ServedMain = Main & { actions: Record<string, { contract: Contract }> };

export interface EveryAction {
  /** `function.action`. */
  name: string;
  action: string;
  main: ServedMain;
  contract: Contract;
}

const folder = fileURLToPath(new URL('../../functions/', import.meta.url));

/** Every action of every function there is: a suite that walks them cannot forget a new one. */
export async function everyAction(): Promise<EveryAction[]> {
  const names = readdirSync(folder).filter((name) => existsSync(`${folder}${name}/index.ts`));
  const mains = await Promise.all(
    names.map(async (name) => [name, (await import(`${folder}${name}/index.ts`)).main as ServedMain] as const),
  );
  return mains.flatMap(([name, main]) =>
    Object.entries(main.actions).map(([action, { contract }]) => ({ name: `${name}.${action}`, action, main, contract })),
  );
}
