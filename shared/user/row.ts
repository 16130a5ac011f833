export interface ProfileRow {
  id: number;
  openid: string;
  nickname: string;
  avatar: string;
  points: number;
  total_diaries: number;
  continuous_days: number;
  longest_days: number;
  last_diary_date: string | null;
  settings: { aiEnabled?: boolean; taskApproval?: 'none' | 'own' | 'all'; shareDiary?: boolean };
  created_at: Date | string;
}
