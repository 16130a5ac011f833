/** Numbers that client and server share; without dependencies, so that the mini-program can bundle them. */

/** What this code speaks. A client below `oldestContract` is told UPGRADE_REQUIRED; its queue is kept. */
export const contractVersion = 1;
export const oldestContract = 1;

export const maxMutations = 20;
export const maxChanges = 200;

export const maxImportDays = 20;
export const maxImportItems = 100;
export const maxVerifyMonths = 24;
export const maxVerifyDays = 366;
