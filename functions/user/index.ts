import { exportAccount } from '../../shared/export/operations';
import { action, serve } from '../../shared/runtime/serve';
import * as contract from '../../shared/user/contract';
import { eraseAccount, getProfile, updateProfile } from '../../shared/user/operations';

export const main = serve('user', {
  profile: action(contract.profile, getProfile),
  update: action(contract.update, updateProfile),
  export: action(contract.export, exportAccount),
  erase: action(contract.erase, eraseAccount),
});
