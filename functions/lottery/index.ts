import * as contract from '../../shared/lottery/contract';
import { drawPrize, listDraws, listPrizes, storePrize } from '../../shared/lottery/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('lottery', {
  prizes: action(contract.prizes, listPrizes),
  draw: action(contract.draw, drawPrize),
  records: action(contract.records, listDraws),
  savePrize: action(contract.savePrize, storePrize),
});
