export { giveConsent, listConsents } from './consent';
export { cancelPinReset, lockGate, resetGuardianPin, setGuardianPin, unlockGate } from './gate';
export { readInbox } from './inbox';
export { inviteGuardian, joinChild, leaveChild, listMembers, readLog, removeGuardian } from './members';
