import { exportAccount } from '../../shared/export/operations';
import * as family from '../../shared/family/contract';
import { giveConsent, listConsents } from '../../shared/family/operations';
import { action, serve } from '../../shared/runtime/serve';
import * as contract from '../../shared/user/contract';
import { eraseAccount, getProfile, signUpload, updateProfile } from '../../shared/user/operations';

export const main = serve('user', {
  profile: action(contract.profile, getProfile),
  update: action(contract.update, updateProfile),
  uploadUrl: action(contract.uploadUrl, signUpload),
  consent: action(family.consent, giveConsent),
  consents: action(family.consents, listConsents),
  export: action(contract.export, exportAccount),
  erase: action(contract.erase, eraseAccount),
});
