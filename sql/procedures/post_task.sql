-- Creates a user's own task for one day, or with p_weekdays a rule and its first task. The rule has the id of that task.
CREATE DEFINER = gd_owner PROCEDURE post_task(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_title VARCHAR(200) CHARACTER SET utf8mb4,
  IN p_description VARCHAR(2000) CHARACTER SET utf8mb4,
  IN p_category VARCHAR(50) CHARACTER SET utf8mb4,
  IN p_reward INT UNSIGNED,
  IN p_date DATE,
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

  SET v_rev = v_rev + 1;
  IF p_weekdays IS NULL THEN
    -- include check_day_room
  ELSE
    IF (SELECT COUNT(*) FROM task_rules WHERE user_id = p_user_id AND ended_at IS NULL) >= 500 THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'QUOTA_EXCEEDED';
    END IF;
    INSERT INTO task_rules (user_id, id, title, description, category, points_reward, weekdays, is_weekly, start_date, remind_at, by_guardian, created_at)
    VALUES (p_user_id, v_rev, p_title, p_description, p_category, p_reward, p_weekdays, p_is_weekly, p_start_date, p_remind_at, p_by_guardian, p_now);
  END IF;
  INSERT INTO tasks (user_id, id, rev, task_date, task_key, rule_id, title, description, category, points_reward, weekdays, is_weekly,
    remind_at, by_guardian, created_at, updated_at)
  VALUES (p_user_id, v_rev, v_rev, p_date, CONCAT(IF(p_weekdays IS NULL, 'own:', 'rule:'), v_rev), IF(p_weekdays IS NULL, NULL, v_rev),
    p_title, p_description, p_category, p_reward, p_weekdays, p_is_weekly, p_remind_at, p_by_guardian, p_now, p_now);
  SET v_receipt = JSON_OBJECT('id', v_rev);
  -- include close_posting
  SELECT v_receipt AS response;
END
