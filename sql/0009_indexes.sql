-- One index tells, without the rows, which days are written, alive and published. pub_date stays for a version that still reads it.
ALTER TABLE diaries
  DROP KEY idx_user_published,
  ADD KEY idx_user_day (user_id, diary_date, deleted_at, is_draft) COMMENT 'lists, totals, streaks, this month';

-- A draw never changes, and its rev is its id: the change feed reads the primary key.
ALTER TABLE lottery_records DROP KEY idx_user_rev;
