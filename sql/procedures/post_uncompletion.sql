-- Reopens a completed task and takes back its points. When they are already spent, nothing changes. A waiting completion is withdrawn.
CREATE DEFINER = gd_owner PROCEDURE post_uncompletion(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_id BIGINT UNSIGNED,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_awarded INT;
  DECLARE v_completion INT UNSIGNED;
  DECLARE v_is_done BOOLEAN;
  DECLARE v_title VARCHAR(200) CHARACTER SET utf8mb4;
  -- include open_posting

  SELECT completed_at IS NOT NULL, awarded, completions, title INTO v_is_done, v_awarded, v_completion, v_title
  FROM tasks WHERE user_id = p_user_id AND id = p_id AND deleted_at IS NULL;
  IF v_is_done IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
  IF NOT v_is_done THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TASK_NOT_COMPLETED'; END IF;

  SET v_rev = v_rev + 1;
  UPDATE tasks FORCE INDEX (PRIMARY) SET is_completed = FALSE, completed_at = NULL, awarded = 0, rev = v_rev, updated_at = p_now
  WHERE user_id = p_user_id AND id = p_id;
  DELETE FROM waiting_tasks WHERE user_id = p_user_id AND task_id = p_id;
  IF v_awarded > 0 THEN
    SET v_amount = -v_awarded;
    -- include move_points
    INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
    VALUES (p_user_id, v_seq, v_amount, v_points, '取消完成任务', CONCAT('task:', p_id, ':', v_completion, ':back'), v_title, p_id, 'task', NULL, v_rev, p_now);
  END IF;
  SET v_receipt = JSON_OBJECT('id', p_id, 'returned', v_awarded, 'balance', v_points);
  -- include close_posting
  SELECT JSON_SET(v_receipt, '$.task', task) AS response FROM task_json WHERE user_id = p_user_id AND id = p_id;
END
