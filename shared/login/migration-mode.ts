import { createHash } from 'node:crypto';
import { config } from '../runtime/config';
import type { MigrationMode } from './contract';

const BUCKETS = 10_000;

/** Where a user falls among the 10,000: the same place at any percentage, so that raising it only adds users. */
export const bucketOf = (salt: string, openid: string): number =>
  createHash('sha256').update(salt).update(openid).digest().readUInt32BE() % BUCKETS;

export function migrationModeOf(openid: string): MigrationMode {
  const { mode, percent, salt } = config().migration;
  return bucketOf(salt, openid) < (percent / 100) * BUCKETS ? mode : 'off';
}
