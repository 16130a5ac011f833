-- Removes up to p_limit of one user's tombstones of each kind from before p_before. gc_rev becomes at least the rev of each removed tombstone.
-- A cursor below gc_rev may have missed one, so its client reads everything again.
CREATE DEFINER = gd_owner PROCEDURE post_garbage(IN p_user_id INT UNSIGNED, IN p_before DATETIME(3), IN p_limit INT UNSIGNED)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_rev, v_purged BIGINT UNSIGNED;
  DECLARE v_removed INT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT rev INTO v_rev FROM users WHERE id = p_user_id FOR UPDATE;
  SELECT MAX(rev) INTO v_purged FROM (
    SELECT rev FROM diaries WHERE user_id = p_user_id AND deleted_at < p_before
    UNION ALL SELECT rev FROM tasks WHERE user_id = p_user_id AND deleted_at < p_before
  ) AS purged;
  DELETE FROM diaries WHERE user_id = p_user_id AND deleted_at < p_before LIMIT p_limit;
  SET v_removed = ROW_COUNT();
  DELETE FROM tasks WHERE user_id = p_user_id AND deleted_at < p_before LIMIT p_limit;
  SET v_removed = v_removed + ROW_COUNT();
  UPDATE users SET gc_rev = GREATEST(gc_rev, COALESCE(v_purged, 0)) WHERE id = p_user_id;
  COMMIT;
  SELECT JSON_OBJECT('removed', v_removed) AS response;
END
