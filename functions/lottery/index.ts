import * as contract from '../../shared/lottery/contract';
import {
  drawPrize,
  getWheel,
  listDraws,
  listPrizes,
  redeemPrize,
  resetFamilyPrizes,
  saveFamilyPrizes,
  setWheelConfig,
  storePrize,
} from '../../shared/lottery/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('lottery', {
  prizes: action(contract.prizes, listPrizes),
  draw: action(contract.draw, drawPrize),
  records: action(contract.records, listDraws),
  config: action(contract.config, getWheel),
  setConfig: action(contract.setConfig, setWheelConfig),
  savePrizes: action(contract.savePrizes, saveFamilyPrizes),
  resetPrizes: action(contract.resetPrizes, resetFamilyPrizes),
  redeem: action(contract.redeem, redeemPrize),
  savePrize: action(contract.savePrize, storePrize),
});
