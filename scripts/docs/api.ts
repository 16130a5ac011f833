import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Contract } from '../../shared/contract';

/** One action as the reference shows it. */
export interface ApiAction {
  fn: string;
  action: string;
  contract: Contract;
}

const functionsFolder = new URL('../../functions/', import.meta.url);

interface FunctionModule {
  main: { actions: Record<string, { contract: Contract }> };
}

/** Every action of every function, as the functions themselves list them. */
export async function readApi(): Promise<ApiAction[]> {
  const names = readdirSync(fileURLToPath(functionsFolder)).sort();
  const modules = await Promise.all(
    names.map((name) => import(new URL(`${name}/index.ts`, functionsFolder).href) as Promise<FunctionModule>),
  );
  return modules.flatMap(({ main }, index) =>
    Object.entries(main.actions).map(([action, { contract }]) => ({ fn: names[index] ?? '', action, contract })),
  );
}
