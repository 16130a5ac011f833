import * as contract from '../../shared/monitor/contract';
import { collect, getHealth } from '../../shared/monitor/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('monitor', {
  collect: action(contract.collect, collect),
  health: action(contract.health, getHealth),
});
