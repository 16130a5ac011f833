-- Reopens the waiting tasks of p_ids with the reason. An open task is left as it is. A completed one fails the whole call with
-- TASK_ALREADY_COMPLETED.
CREATE DEFINER = gd_owner PROCEDURE post_rejection(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_ids JSON,
  IN p_reason VARCHAR(200) CHARACTER SET utf8mb4,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_index INT DEFAULT 0;
  DECLARE v_id BIGINT UNSIGNED;
  DECLARE v_is_done, v_waits BOOLEAN;
  -- include open_posting

  WHILE v_index < JSON_LENGTH(p_ids) DO
    SET v_id = JSON_EXTRACT(p_ids, CONCAT('$[', v_index, ']')), v_index = v_index + 1, v_is_done = NULL;
    SELECT is_completed, completed_at IS NOT NULL INTO v_is_done, v_waits
    FROM tasks WHERE user_id = p_user_id AND id = v_id AND deleted_at IS NULL;
    IF v_is_done IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
    IF v_is_done THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TASK_ALREADY_COMPLETED'; END IF;
    IF v_waits THEN
      SET v_rev = v_rev + 1;
      UPDATE tasks FORCE INDEX (PRIMARY) SET completed_at = NULL, rejected_reason = p_reason, rev = v_rev, updated_at = p_now
      WHERE user_id = p_user_id AND id = v_id;
      DELETE FROM waiting_tasks WHERE user_id = p_user_id AND task_id = v_id;
    END IF;
  END WHILE;
  SET v_receipt = JSON_OBJECT('rejected', TRUE);
  -- include close_posting
  SELECT v_receipt AS response;
END
