-- Leases up to p_limit due texts to p_worker until p_until. Imported texts come last. Among the others the oldest text of each child comes before
-- the second text of any child. At most p_window rows are read to choose them.
CREATE DEFINER = gd_owner PROCEDURE post_check_claim(
  IN p_worker VARCHAR(40) CHARACTER SET ascii,
  IN p_until DATETIME(3),
  IN p_window INT UNSIGNED,
  IN p_limit INT UNSIGNED,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  UPDATE content_checks c JOIN (
    SELECT user_id, diary_id, priority, ROW_NUMBER() OVER (PARTITION BY priority, user_id ORDER BY due_at) AS place FROM (
      (SELECT user_id, diary_id, priority, due_at FROM content_checks WHERE priority = 0 AND due_at <= p_now ORDER BY due_at LIMIT p_window)
      UNION ALL
      (SELECT user_id, diary_id, priority, due_at FROM content_checks WHERE priority = 1 AND due_at <= p_now ORDER BY due_at LIMIT p_window)
    ) AS due ORDER BY priority, place LIMIT p_limit
  ) AS next ON c.user_id = next.user_id AND c.diary_id = next.diary_id
  SET c.worker = p_worker, c.due_at = p_until
  WHERE c.due_at <= p_now;
  SELECT JSON_OBJECT('claimed', ROW_COUNT()) AS response;
END
