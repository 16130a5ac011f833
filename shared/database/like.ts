/** The pattern of `column COLLATE utf8mb4_0900_as_ci LIKE ?` for texts that contain `words` literally; case and width are folded. */
export const containing = (words: string): string => `%${words.replace(/[\\%_]/g, '\\$&')}%`;
