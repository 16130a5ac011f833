/** Why a state of a diary was kept: it was overwritten, deleted, was a draft, lost a conflict, or came from a phone beside another text. */
export const revisionReasons = ['overwritten', 'deleted', 'draft', 'conflict', 'imported'] as const;
export type RevisionReason = (typeof revisionReasons)[number];
