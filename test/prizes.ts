import { afterAll, beforeAll } from 'vitest';
import { db, select } from './harness';

export interface PrizeSeed {
  name: string;
  probability: number;
  stock?: number;
  points?: number;
  image?: string;
  active?: boolean;
}

/** The prizes belong to everybody: the tests of one file may change them, and they are put back behind it. */
export function ownPrizes(): void {
  let before: Record<string, string | number | null>[];
  beforeAll(async () => {
    before = await select(
      'SELECT id, name, description, image_url, probability, stock, issued, points, is_active FROM lottery_prizes ORDER BY id',
    );
  });
  afterAll(async () => {
    await select('DELETE FROM lottery_prizes');
    for (const prize of before) await db().query('INSERT INTO lottery_prizes SET ?', [prize]);
  });
}

/** Replaces all prizes; answers their ids in the order given. */
export async function setPrizes(...prizes: PrizeSeed[]): Promise<number[]> {
  await select('DELETE FROM lottery_prizes');
  const ids: number[] = [];
  for (const { name, probability, stock = -1, points = 0, image = '', active = true } of prizes) {
    await select('INSERT INTO lottery_prizes (name, probability, stock, points, image_url, is_active) VALUES (?, ?, ?, ?, ?, ?)', [
      name,
      probability,
      stock,
      points,
      image,
      active ? 1 : 0,
    ]);
    const [last] = await select<{ id: number }>('SELECT MAX(id) AS id FROM lottery_prizes');
    ids.push(last?.id ?? 0);
  }
  return ids;
}

export const stockOf = async (id: number): Promise<{ stock: number; issued: number } | undefined> =>
  (await select<{ stock: number; issued: number }>('SELECT stock, issued FROM lottery_prizes WHERE id = ?', [id]))[0];
