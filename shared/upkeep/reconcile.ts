import type { SystemContext } from '../runtime/context';
import { findMismatches, type Mismatch } from './queries';

/** Everything that must hold and does not. Reads whole tables. */
export const reconcile = ({ db }: SystemContext): Promise<Mismatch[]> => findMismatches(db);
