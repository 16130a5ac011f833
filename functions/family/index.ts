import * as contract from '../../shared/family/contract';
import {
  cancelPinReset,
  inviteGuardian,
  joinChild,
  leaveChild,
  listMembers,
  lockGate,
  readInbox,
  readLog,
  removeGuardian,
  resetGuardianPin,
  setGuardianPin,
  unlockGate,
} from '../../shared/family/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('family', {
  setPin: action(contract.setPin, setGuardianPin),
  unlock: action(contract.unlock, unlockGate),
  lock: action(contract.lock, lockGate),
  resetPin: action(contract.resetPin, resetGuardianPin),
  cancelReset: action(contract.cancelReset, cancelPinReset),
  invite: action(contract.invite, inviteGuardian),
  join: action(contract.join, joinChild),
  members: action(contract.members, listMembers),
  leave: action(contract.leave, leaveChild),
  remove: action(contract.remove, removeGuardian),
  inbox: action(contract.inbox, readInbox),
  log: action(contract.log, readLog),
});
