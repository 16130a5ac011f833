-- Completes a task and pays for it, once. p_done_on must be the task's date. A user's own tasks of one date together pay at most p_own_cap, deleted
-- ones included; those completed since p_day_start pay at most p_day_cap. Where the family's settings ask for approval (taskApproval), the
-- completion waits for a guardian and pays nothing yet (post_approval).
CREATE DEFINER = gd_owner PROCEDURE post_completion(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_id BIGINT UNSIGNED,
  IN p_done_on DATE,
  IN p_own_cap INT,
  IN p_day_cap INT,
  IN p_day_start DATETIME(3),
  IN p_days_back INT,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_reward, v_award INT;
  DECLARE v_completion INT UNSIGNED;
  DECLARE v_date DATE;
  DECLARE v_is_system, v_is_free, v_is_done, v_waits BOOLEAN;
  DECLARE v_approval VARCHAR(10) CHARACTER SET utf8mb4;
  DECLARE v_title VARCHAR(200) CHARACTER SET utf8mb4;
  DECLARE v_task JSON;
  -- include open_posting

  -- The same columns as the view task_json, written out because MySQL parses a view anew on each use.
  SELECT task_date, is_system, is_system OR by_guardian, completed_at IS NOT NULL, points_reward, completions + 1, title,
    JSON_OBJECT('id', id, 'task_date', task_date, 'title', title, 'description', description, 'category', category, 'points_reward', points_reward,
      'is_system', is_system, 'is_weekly', is_weekly, 'weekdays', weekdays, 'is_completed', 1, 'remind_at', remind_at, 'by_guardian', by_guardian,
      'rejected_reason', NULL,
      'completed_at', DATE_FORMAT(p_now, '%Y-%m-%dT%H:%i:%s.%fZ'))
  INTO v_date, v_is_system, v_is_free, v_is_done, v_reward, v_completion, v_title, v_task
  FROM tasks WHERE user_id = p_user_id AND id = p_id AND deleted_at IS NULL;
  IF v_date IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
  IF v_is_done THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TASK_ALREADY_COMPLETED'; END IF;
  IF v_date <> p_done_on THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'INVALID_INPUT'; END IF;
  SELECT JSON_VALUE(settings, '$.taskApproval') INTO v_approval FROM users WHERE id = p_user_id;
  SET v_waits = COALESCE(v_approval = 'all' OR (v_approval = 'own' AND NOT v_is_system), FALSE), v_award = IF(v_waits, 0, v_reward);
  IF v_award > 0 AND NOT v_is_free THEN
    SELECT LEAST(v_reward, GREATEST(p_own_cap - COALESCE(SUM(IF(task_date = v_date, awarded, 0)), 0), 0),
      GREATEST(p_day_cap - COALESCE(SUM(IF(completed_at >= p_day_start, awarded, 0)), 0), 0)) INTO v_award
    FROM tasks WHERE user_id = p_user_id AND task_date BETWEEN DATE(p_day_start + INTERVAL 8 HOUR) - INTERVAL p_days_back DAY AND DATE(p_day_start + INTERVAL 8 HOUR) AND NOT is_system AND NOT by_guardian;
  END IF;

  SET v_rev = v_rev + 1;
  UPDATE tasks FORCE INDEX (PRIMARY) SET is_completed = NOT v_waits, completed_at = p_now,
    completions = IF(v_waits, completions, v_completion), awarded = v_award, rejected_reason = NULL, rev = v_rev, updated_at = p_now
  WHERE user_id = p_user_id AND id = p_id;
  IF v_waits THEN
    INSERT INTO waiting_tasks (user_id, task_id) VALUES (p_user_id, p_id);
    SET v_task = JSON_SET(v_task, '$.is_completed', 0);
  END IF;
  IF v_award > 0 THEN
    SET v_amount = v_award;
    -- include move_points
    INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
    VALUES (p_user_id, v_seq, v_amount, v_points, '完成任务', CONCAT('task:', p_id, ':', v_completion), v_title, p_id, 'task', NULL, v_rev, p_now);
  END IF;
  SET v_receipt = JSON_OBJECT('id', p_id, 'awarded', v_award, 'balance', v_points, 'capped', NOT v_waits AND v_award < v_reward);
  -- include close_posting
  SELECT JSON_SET(v_receipt, '$.task', v_task) AS response;
END
