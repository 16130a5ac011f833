import * as contract from '../../shared/points/contract';
import { addPoints, deductPoints, getBalance, getPointStats, giveBonus, listRecords } from '../../shared/points/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('points', {
  balance: action(contract.balance, getBalance),
  records: action(contract.records, listRecords),
  stats: action(contract.stats, getPointStats),
  bonus: action(contract.bonus, giveBonus),
  add: action(contract.add, addPoints),
  deduct: action(contract.deduct, deductPoints),
});
