import type { History } from './history';
import { expectInvariants, expectPrefix } from './invariants';
import { Stage, type Twin } from './stage';

/** Plays one history to its end; throws when an invariant does not hold. Answers how often what happened. */
export async function play(told: History, twin?: Twin): Promise<ReadonlyMap<string, number>> {
  const stage = await Stage.open(told, twin);
  try {
    for (const step of told.steps) {
      await stage.step(step);
      await expectPrefix(stage);
    }
    await stage.heal();
    await expectInvariants(stage);
    return stage.tally;
  } finally {
    stage.close();
  }
}
