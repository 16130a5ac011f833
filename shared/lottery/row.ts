import type { Draw } from './contract';

export interface DrawRow {
  id: number;
  prize_id: number | null;
  prize_name: string;
  prize_image: string;
  cost_points: number;
  is_winner: number;
  points_won: number;
  created_at: Date | string;
}

export const toDraw = (row: DrawRow): Draw => ({
  id: row.id,
  isWinner: row.is_winner === 1,
  prize: row.is_winner === 1 ? { id: row.prize_id, name: row.prize_name, imageUrl: row.prize_image } : null,
  costPoints: row.cost_points,
  pointsWon: row.points_won,
  createdAt: new Date(row.created_at).toISOString(),
});
