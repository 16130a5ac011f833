/** Limits that client and server share. No dependencies, so that the mini-program can bundle them. */

/** Contract version of this code. A client below `oldestContract` gets UPGRADE_REQUIRED; its queue is kept. */
export const contractVersion = 1;
export const oldestContract = 1;

/** Of one call; the 100 KB that a call may carry are usually reached first. */
export const maxMutations = 50;
/** Of one page; its bytes are usually reached first. */
export const maxChanges = 400;

export const maxImportDays = 20;
export const maxImportItems = 300;
export const maxImportPrizes = 30;
export const maxVerifyMonths = 24;
export const maxVerifyDays = 366;
