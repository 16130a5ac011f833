-- Changes a user's own task as the function decided it on p_base_rev (shared/task/change.ts). When the user's data have changed since, the answer is
-- MOVED and the function decides again. NULL leaves a text or the reward unchanged. A completed day keeps its reward.
-- p_date: the task's new date. p_rule_id: its new rule; NULL for a task of one day. p_open_days: ids of the rule's open days that change too.
-- p_remind_at '': no reminder. p_dropped_days: ids of open days that are no longer due; their keys are freed, so that the days can return.
-- p_is_rescheduled: the repetition becomes p_weekdays and p_is_weekly; a missing rule is created and begins on p_start_date.
CREATE DEFINER = gd_owner PROCEDURE post_task_change(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_base_rev BIGINT UNSIGNED,
  IN p_id BIGINT UNSIGNED,
  IN p_title VARCHAR(200) CHARACTER SET utf8mb4 /* NULL */,
  IN p_description VARCHAR(2000) CHARACTER SET utf8mb4 /* NULL */,
  IN p_category VARCHAR(50) CHARACTER SET utf8mb4 /* NULL */,
  IN p_reward INT UNSIGNED /* NULL */,
  IN p_date DATE,
  IN p_rule_id BIGINT UNSIGNED /* NULL */,
  IN p_ended_rule_id BIGINT UNSIGNED /* NULL */,
  IN p_open_days JSON,
  IN p_dropped_days JSON,
  IN p_is_rescheduled BOOLEAN,
  IN p_weekdays TINYINT UNSIGNED /* NULL */,
  IN p_is_weekly BOOLEAN,
  IN p_start_date DATE /* NULL */,
  IN p_remind_at CHAR(5) CHARACTER SET ascii /* NULL */,
  IN p_by_guardian BOOLEAN,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include open_posting

  IF v_rev <> p_base_rev THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MOVED'; END IF;
  SET v_rev = v_rev + 1;
  IF NOT EXISTS (SELECT 1 FROM tasks WHERE user_id = p_user_id AND id = p_id AND task_date = p_date) THEN
    -- include check_day_room
  END IF;
  UPDATE tasks JOIN JSON_TABLE(p_dropped_days, '$[*]' COLUMNS (dropped BIGINT UNSIGNED PATH '$')) AS days ON user_id = p_user_id AND id = dropped
  SET deleted_at = p_now, task_key = CONCAT('own:', id), rev = v_rev, updated_at = p_now;
  IF p_is_rescheduled THEN
    UPDATE task_rules SET ended_at = p_now WHERE user_id = p_user_id AND id = p_ended_rule_id AND ended_at IS NULL;
    IF p_rule_id IS NOT NULL THEN
      INSERT INTO task_rules (user_id, id, title, description, category, points_reward, weekdays, is_weekly, start_date, remind_at, by_guardian, created_at)
      SELECT user_id, p_rule_id, title, description, category, points_reward, p_weekdays, p_is_weekly, p_start_date, remind_at, by_guardian, p_now
      FROM tasks WHERE user_id = p_user_id AND id = p_id
      ON DUPLICATE KEY UPDATE weekdays = p_weekdays, is_weekly = p_is_weekly, ended_at = NULL;
    END IF;
    UPDATE tasks SET rule_id = p_rule_id, task_key = IF(p_rule_id IS NULL, CONCAT('own:', id), CONCAT('rule:', p_rule_id)), task_date = p_date
    WHERE user_id = p_user_id AND id = p_id;
  END IF;
  UPDATE task_rules SET title = COALESCE(p_title, title), description = COALESCE(p_description, description),
    category = COALESCE(p_category, category), points_reward = COALESCE(p_reward, points_reward),
    remind_at = NULLIF(COALESCE(p_remind_at, remind_at), ''), by_guardian = IF(p_reward IS NULL, by_guardian, p_by_guardian)
  WHERE user_id = p_user_id AND id = p_rule_id AND ended_at IS NULL;
  UPDATE tasks JOIN JSON_TABLE(JSON_ARRAY_APPEND(p_open_days, '$', p_id), '$[*]' COLUMNS (changed BIGINT UNSIGNED PATH '$')) AS days
    ON user_id = p_user_id AND id = changed
  SET title = COALESCE(p_title, title), description = COALESCE(p_description, description), category = COALESCE(p_category, category),
    points_reward = IF(completed_at IS NULL, COALESCE(p_reward, points_reward), points_reward),
    by_guardian = IF(completed_at IS NULL AND p_reward IS NOT NULL, p_by_guardian, by_guardian),
    remind_at = NULLIF(COALESCE(p_remind_at, remind_at), ''),
    weekdays = IF(p_is_rescheduled, p_weekdays, weekdays), is_weekly = IF(p_is_rescheduled, p_is_weekly, is_weekly),
    task_date = IF(id = p_id, p_date, task_date), rev = v_rev, updated_at = p_now;
  SET v_receipt = JSON_OBJECT('id', p_id);
  -- include close_posting
  SELECT JSON_SET(v_receipt, '$.task', task) AS response FROM task_json WHERE user_id = p_user_id AND id = p_id;
END
