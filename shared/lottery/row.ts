import type { Draw, Prize } from './contract';

export interface DrawRow {
  id: number;
  prize_id: number | null;
  prize_name: string;
  prize_image: string;
  prize_emoji: string;
  prize_description: string;
  prize_kind: Prize['kind'];
  /** Null: nothing to hand over. */
  is_given: number | null;
  cost_points: number;
  is_winner: number;
  points_won: number;
  created_at: Date | string;
}

export const toDraw = (row: DrawRow): Draw => ({
  id: row.id,
  isWinner: row.is_winner === 1,
  prize:
    row.is_winner === 1
      ? {
          id: row.prize_id,
          name: row.prize_name,
          imageUrl: row.prize_image,
          emoji: row.prize_emoji,
          description: row.prize_description,
          kind: row.prize_kind,
        }
      : null,
  given: row.is_given === null ? null : row.is_given === 1,
  costPoints: row.cost_points,
  pointsWon: row.points_won,
  createdAt: new Date(row.created_at).toISOString(),
});
