-- Removes up to p_limit counts of minutes before p_before.
CREATE DEFINER = gd_owner PROCEDURE post_minutes_sweep(IN p_before DATETIME, IN p_limit INT UNSIGNED)
SQL SECURITY DEFINER
BEGIN
  DELETE FROM call_minutes WHERE minute < p_before ORDER BY minute LIMIT p_limit;
  SELECT JSON_OBJECT('removed', ROW_COUNT()) AS response;
END
