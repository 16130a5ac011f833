import type { SystemContext } from '../runtime/context';
import { findMismatches, type Mismatch } from './queries';

/** All violated invariants. Reads whole tables. */
export const reconcile = ({ db }: SystemContext): Promise<Mismatch[]> => findMismatches(db);
