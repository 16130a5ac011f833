-- Deletes a user's own task. It stays as a tombstone and its key is freed, so that the day can return. A repeating task ends: its open days from
-- p_today on are deleted too.
CREATE DEFINER = gd_owner PROCEDURE post_task_deletion(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_id BIGINT UNSIGNED,
  IN p_by_guardian BOOLEAN,
  IN p_today DATE,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_date DATE;
  DECLARE v_is_system, v_by_guardian BOOLEAN;
  DECLARE v_rule BIGINT UNSIGNED;
  -- include open_posting

  SELECT task_date, is_system, rule_id, by_guardian INTO v_date, v_is_system, v_rule, v_by_guardian
  FROM tasks WHERE user_id = p_user_id AND id = p_id AND deleted_at IS NULL;
  IF v_date IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
  IF v_is_system THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'FORBIDDEN'; END IF;
  IF v_by_guardian AND NOT p_by_guardian THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'GUARDIAN_REQUIRED'; END IF;

  SET v_rev = v_rev + 1;
  UPDATE task_rules SET ended_at = p_now WHERE user_id = p_user_id AND id = v_rule AND ended_at IS NULL;
  UPDATE tasks SET deleted_at = p_now, task_key = CONCAT('own:', id), rev = v_rev, updated_at = p_now
  WHERE user_id = p_user_id AND task_date >= LEAST(p_today, v_date) AND deleted_at IS NULL
    AND (id = p_id OR (rule_id = v_rule AND task_date >= p_today AND completed_at IS NULL));
  DELETE FROM waiting_tasks WHERE user_id = p_user_id AND task_id = p_id;
  SET v_receipt = JSON_OBJECT('id', p_id);
  -- include close_posting
  SELECT v_receipt AS response;
END
