export { giveConsent, listConsents } from './consent';
export { cancelPinReset, lockGate, resetGuardianPin, setGuardianPin, unlockGate } from './gate';
export { allNotes, readInbox } from './inbox';
export { inviteGuardian, joinChild, leaveChild, listMembers, readLog, removeGuardian, wholeLog } from './members';
