/** 8.0.21 is the first MySQL with JSON_VALUE. */
export const OLDEST_MYSQL = '8.0.21';

/** Compares versions such as `8.0.30-txsql` by their three numbers. */
export function isOlder(version: string, than: string): boolean {
  const numbers = (text: string): number[] => text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const wanted = numbers(than);
  const parts = numbers(version);
  const different = wanted.findIndex((part, index) => part !== parts[index]);
  return different >= 0 && (parts[different] ?? 0) < (wanted[different] ?? 0);
}

/** What is wrong with a server of this version; null: nothing. */
export const versionProblem = (version: string): string | null =>
  /mariadb/i.test(version) || isOlder(version, OLDEST_MYSQL) ? `MySQL ${OLDEST_MYSQL} or later is needed, this is ${version}` : null;
