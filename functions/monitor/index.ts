import * as contract from '../../shared/monitor/contract';
import { audit, collect, getHealth } from '../../shared/monitor/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('monitor', {
  collect: action(contract.collect, collect),
  audit: action(contract.audit, audit),
  health: action(contract.health, getHealth),
});
