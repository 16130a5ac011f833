import { createHash } from 'node:crypto';
import { config } from '../runtime/config';
import type { MigrationMode } from './contract';

const BUCKETS = 10_000;

/** A user's bucket among 10,000. It does not depend on the percentage, so that raising the percentage only adds users. */
export const bucketOf = (salt: string, openid: string): number =>
  createHash('sha256').update(salt).update(openid).digest().readUInt32BE() % BUCKETS;

export function migrationModeOf(openid: string): MigrationMode {
  const { mode, percent, salt } = config().migration;
  return bucketOf(salt, openid) < (percent / 100) * BUCKETS ? mode : 'off';
}
