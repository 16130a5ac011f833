import * as contract from '../../shared/report/contract';
import { getMonth, getPoster, getWeek, getYear } from '../../shared/report/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('report', {
  week: action(contract.week, getWeek),
  month: action(contract.monthly, getMonth),
  year: action(contract.yearly, getYear),
  poster: action(contract.poster, getPoster),
});
