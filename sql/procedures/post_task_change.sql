-- Changes a user's own task; NULL leaves a field as it is. Of a repeating task the rule changes, and with it the open days from p_today on.
-- What was done keeps its reward. The date moves only for a task of one day that is still open, to a day from p_from to p_to.
-- p_weekdays is how it is to repeat from p_today on, 0 not at all. Days that are no longer due go; the task itself stays, on the next due day
-- when its own is none. The key of a day that goes is freed, so that the day can come back when the rule changes again.
CREATE DEFINER = gd_owner PROCEDURE post_task_change(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_id BIGINT UNSIGNED,
  IN p_title VARCHAR(200) CHARACTER SET utf8mb4 /* NULL */,
  IN p_description VARCHAR(2000) CHARACTER SET utf8mb4 /* NULL */,
  IN p_category VARCHAR(50) CHARACTER SET utf8mb4 /* NULL */,
  IN p_reward INT UNSIGNED /* NULL */,
  IN p_date DATE /* NULL */,
  IN p_from DATE,
  IN p_to DATE,
  IN p_weekdays TINYINT UNSIGNED /* NULL */,
  IN p_is_weekly BOOLEAN /* NULL */,
  IN p_today DATE,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_date, v_new_date DATE;
  DECLARE v_is_system, v_is_done, v_is_weekly BOOLEAN;
  DECLARE v_rule BIGINT UNSIGNED;
  DECLARE v_reward INT UNSIGNED;
  DECLARE v_weekdays TINYINT UNSIGNED;
  -- include open_posting

  SELECT t.task_date, t.is_system, t.is_completed, t.rule_id, t.points_reward, COALESCE(t.weekdays, 0), t.is_weekly
  INTO v_date, v_is_system, v_is_done, v_rule, v_reward, v_weekdays, v_is_weekly
  FROM tasks t WHERE t.user_id = p_user_id AND t.id = p_id AND t.deleted_at IS NULL;
  IF v_date IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
  IF v_is_system THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'FORBIDDEN'; END IF;
  IF p_date NOT BETWEEN p_from AND p_to OR (p_date <> v_date AND (v_is_done OR v_rule IS NOT NULL)) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'INVALID_INPUT';
  END IF;
  IF p_reward <> v_reward AND v_is_done AND v_rule IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TASK_ALREADY_COMPLETED'; END IF;

  SET v_rev = v_rev + 1;
  SET v_new_date = COALESCE(p_date, v_date);
  IF p_weekdays <> v_weekdays OR p_is_weekly <> v_is_weekly OR (p_weekdays = 0 AND v_rule IS NOT NULL) THEN
    WHILE p_weekdays > 0 AND NOT v_is_done AND v_new_date >= p_today AND NOT p_weekdays >> WEEKDAY(v_new_date) & 1 DO
      SET v_new_date = v_new_date + INTERVAL 1 DAY;
    END WHILE;
    IF v_new_date > GREATEST(p_to, v_date) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'INVALID_INPUT'; END IF;
    UPDATE tasks SET deleted_at = p_now, task_key = CONCAT('own:', id), rev = v_rev, updated_at = p_now
    WHERE user_id = p_user_id AND task_date >= p_today AND rule_id = v_rule AND id <> p_id AND NOT is_completed AND deleted_at IS NULL
      AND (task_date = v_new_date OR NOT p_weekdays >> WEEKDAY(task_date) & 1);
    IF p_weekdays = 0 THEN
      UPDATE task_rules SET ended_at = p_now WHERE user_id = p_user_id AND id = v_rule AND ended_at IS NULL;
      SET v_rule = NULL;
    ELSE
      SET v_rule = COALESCE(v_rule, v_rev);
      INSERT INTO task_rules (user_id, id, title, description, category, points_reward, weekdays, is_weekly, start_date, created_at)
      SELECT user_id, v_rule, title, description, category, points_reward, p_weekdays, p_is_weekly, GREATEST(p_today, v_new_date), p_now
      FROM tasks WHERE user_id = p_user_id AND id = p_id
      ON DUPLICATE KEY UPDATE weekdays = p_weekdays, is_weekly = p_is_weekly, ended_at = NULL;
      UPDATE tasks SET weekdays = p_weekdays, is_weekly = p_is_weekly
      WHERE user_id = p_user_id AND task_date >= p_today AND rule_id = v_rule AND NOT is_completed AND deleted_at IS NULL;
    END IF;
    UPDATE tasks SET rule_id = v_rule, weekdays = NULLIF(p_weekdays, 0), is_weekly = p_is_weekly,
      task_key = IF(v_rule IS NULL, CONCAT('own:', id), CONCAT('rule:', v_rule))
    WHERE user_id = p_user_id AND id = p_id;
  END IF;
  UPDATE task_rules SET title = COALESCE(p_title, title), description = COALESCE(p_description, description),
    category = COALESCE(p_category, category), points_reward = COALESCE(p_reward, points_reward)
  WHERE user_id = p_user_id AND id = v_rule AND ended_at IS NULL;
  UPDATE tasks SET title = COALESCE(p_title, title), description = COALESCE(p_description, description),
    category = COALESCE(p_category, category), points_reward = IF(is_completed, points_reward, COALESCE(p_reward, points_reward)),
    task_date = IF(id = p_id, v_new_date, task_date), rev = v_rev, updated_at = p_now
  WHERE user_id = p_user_id AND task_date >= LEAST(p_today, v_date) AND deleted_at IS NULL
    AND (id = p_id OR (rule_id = v_rule AND task_date >= p_today AND NOT is_completed));
  SET v_receipt = JSON_OBJECT('id', p_id);
  -- include close_posting
  SELECT JSON_SET(v_receipt, '$.task', task) AS response FROM task_json WHERE user_id = p_user_id AND id = p_id;
END
