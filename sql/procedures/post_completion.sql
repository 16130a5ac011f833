-- Marks a task done and pays for it, once. p_done_on must be its date. A user's own tasks of one date together pay at
-- most p_own_cap, deleted ones included.
CREATE DEFINER = gd_owner PROCEDURE post_completion(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_id BIGINT UNSIGNED,
  IN p_done_on DATE,
  IN p_own_cap INT,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_reward, v_award INT;
  DECLARE v_completion INT UNSIGNED;
  DECLARE v_date DATE;
  DECLARE v_is_system, v_is_done BOOLEAN;
  DECLARE v_title VARCHAR(200) CHARACTER SET utf8mb4;
  DECLARE v_task JSON;
  -- include open_posting

  -- The task as task_json has it: a view is parsed anew each time.
  SELECT task_date, is_system, is_completed, points_reward, completions + 1, title,
    JSON_OBJECT('id', id, 'task_date', task_date, 'title', title, 'description', description, 'category', category, 'points_reward', points_reward,
      'is_system', is_system, 'is_weekly', is_weekly, 'weekdays', weekdays, 'is_completed', 1,
      'completed_at', DATE_FORMAT(p_now, '%Y-%m-%dT%H:%i:%s.%fZ'))
  INTO v_date, v_is_system, v_is_done, v_reward, v_completion, v_title, v_task
  FROM tasks WHERE user_id = p_user_id AND id = p_id AND deleted_at IS NULL;
  IF v_date IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
  IF v_is_done THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TASK_ALREADY_COMPLETED'; END IF;
  IF v_date <> p_done_on THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'INVALID_INPUT'; END IF;
  SET v_award = v_reward;
  IF NOT v_is_system THEN
    SELECT LEAST(v_reward, GREATEST(p_own_cap - COALESCE(SUM(awarded), 0), 0)) INTO v_award
    FROM tasks WHERE user_id = p_user_id AND task_date = v_date AND NOT is_system;
  END IF;

  SET v_rev = v_rev + 1;
  UPDATE tasks FORCE INDEX (PRIMARY) SET is_completed = TRUE, completed_at = p_now, completions = v_completion, awarded = v_award, rev = v_rev, updated_at = p_now
  WHERE user_id = p_user_id AND id = p_id;
  IF v_award > 0 THEN
    SET v_amount = v_award;
    -- include move_points
    INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
    VALUES (p_user_id, v_seq, v_amount, v_points, '完成任务', CONCAT('task:', p_id, ':', v_completion), v_title, p_id, 'task', NULL, v_rev, p_now);
  END IF;
  SET v_receipt = JSON_OBJECT('id', p_id, 'awarded', v_award, 'balance', v_points, 'capped', v_award < v_reward);
  -- include close_posting
  SELECT JSON_SET(v_receipt, '$.task', v_task) AS response;
END
