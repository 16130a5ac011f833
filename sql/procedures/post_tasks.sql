-- Makes the rows of a day that are due and have none yet: active templates, and the user's rules for that weekday. A deleted row stays deleted.
-- However many callers come at once, one set is made. Answers the day.
CREATE DEFINER = gd_owner PROCEDURE post_tasks(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_date DATE,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_rev BIGINT UNSIGNED;
  DECLARE v_made INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT rev INTO v_rev FROM users WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch) FOR UPDATE;
  IF v_rev IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED'; END IF;
  INSERT INTO tasks (user_id, id, rev, task_date, task_key, rule_id, title, description, category, points_reward, is_system, weekdays, is_weekly,
    created_at, updated_at)
  SELECT p_user_id, v_rev + ROW_NUMBER() OVER due_order, v_rev + ROW_NUMBER() OVER due_order, p_date, task_key, rule_id, title, description,
    category, points_reward, is_system, weekdays, is_weekly, p_now, p_now
  FROM (
    SELECT CONCAT('sys:', id) AS task_key, NULL AS rule_id, title, description, category, points_reward, TRUE AS is_system, NULL AS weekdays,
      FALSE AS is_weekly, sort_order AS position
    FROM task_templates WHERE is_active
    UNION ALL
    SELECT CONCAT('rule:', id), id, title, description, category, points_reward, FALSE, weekdays, is_weekly, id
    FROM task_rules WHERE user_id = p_user_id AND ended_at IS NULL AND start_date <= p_date AND weekdays >> WEEKDAY(p_date) & 1
  ) AS due
  WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.user_id = p_user_id AND t.task_date = p_date AND t.task_key = due.task_key)
  WINDOW due_order AS (ORDER BY is_system DESC, position, task_key);
  SET v_made = ROW_COUNT();
  IF v_made > 0 THEN
    UPDATE users SET rev = v_rev + v_made, updated_at = p_now WHERE id = p_user_id;
  END IF;
  COMMIT;
  SELECT JSON_OBJECT('tasks', JSON_ARRAYAGG(task)) AS response
  FROM task_json WHERE user_id = p_user_id AND task_date = p_date AND deleted_at IS NULL;
END
