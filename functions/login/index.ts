import * as contract from '../../shared/login/contract';
import { login, logout, refresh } from '../../shared/login/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('login', {
  login: action(contract.login, login),
  refresh: action(contract.refresh, refresh),
  logout: action(contract.logout, logout),
});
