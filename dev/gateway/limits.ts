import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Limits } from './context';

const settings = z.object({ timeout: z.number().optional(), memorySize: z.number().optional() });

const deployment = z.object({
  functionDefaultConfig: settings.optional(),
  functions: z.array(settings.extend({ name: z.string() })).default([]),
});

export const defaultLimits: Limits = { timeoutSeconds: 20, memoryMb: 256 };

/** What each function will be allowed in the cloud, from cloudbaserc.json; the defaults while there is no such file. */
export async function readLimits(file: string): Promise<(functionName: string) => Limits> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return () => defaultLimits;
  const { functionDefaultConfig, functions } = deployment.parse(JSON.parse(text));
  return (functionName) => {
    const own = functions.find(({ name }) => name === functionName);
    return {
      timeoutSeconds: own?.timeout ?? functionDefaultConfig?.timeout ?? defaultLimits.timeoutSeconds,
      memoryMb: own?.memorySize ?? functionDefaultConfig?.memorySize ?? defaultLimits.memoryMb,
    };
  };
}
