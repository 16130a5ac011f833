-- Removes up to p_limit requests from before p_until: those of callers, or those named by the system together with failures of mutations.
CREATE DEFINER = gd_owner PROCEDURE post_forgetting(IN p_system BOOLEAN, IN p_until DATETIME(3), IN p_limit INT UNSIGNED)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_forgotten INT UNSIGNED;
  DELETE FROM requests WHERE is_system = p_system AND created_at < p_until ORDER BY created_at LIMIT p_limit;
  SET v_forgotten = ROW_COUNT();
  IF p_system THEN
    DELETE FROM sync_failures WHERE failed_at < p_until ORDER BY failed_at LIMIT p_limit;
    SET v_forgotten = GREATEST(v_forgotten, ROW_COUNT());
  END IF;
  SELECT JSON_OBJECT('removed', v_forgotten) AS response;
END
