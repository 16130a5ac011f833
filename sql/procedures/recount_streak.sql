-- Counts total and runs from all of a user's published days. p_last is NULL when there are none. shared/diary/streak.ts defines the numbers.
CREATE DEFINER = gd_owner PROCEDURE recount_streak(
  IN p_user_id INT UNSIGNED,
  OUT p_total INT UNSIGNED,
  OUT p_run INT UNSIGNED,
  OUT p_longest INT UNSIGNED,
  OUT p_last DATE
)
SQL SECURITY INVOKER
BEGIN
  WITH runs AS (
    SELECT MAX(day) AS last, COUNT(*) AS run FROM (
      SELECT diary_date AS day, diary_date - INTERVAL ROW_NUMBER() OVER (ORDER BY diary_date) DAY AS island
      FROM diaries FORCE INDEX (idx_user_day) WHERE user_id = p_user_id AND deleted_at IS NULL AND NOT is_draft
    ) AS numbered GROUP BY island
  )
  SELECT COALESCE(SUM(run), 0), COALESCE(MAX(run), 0), MAX(last), COALESCE((SELECT run FROM runs ORDER BY last DESC LIMIT 1), 0)
  INTO p_total, p_longest, p_last, p_run FROM runs;
END
