-- Inserts the given tasks of a day that do not exist yet, from templates and from the user's rules. Concurrent calls insert each task once. Answers
-- the day's tasks. p_templates, p_rules: JSON arrays of ids; shared/task/due.ts decides which of them are due.
CREATE DEFINER = gd_owner PROCEDURE post_tasks(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_date DATE,
  IN p_templates JSON,
  IN p_rules JSON,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_made INT;
  -- include posting_variables
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  -- include lock_user

  INSERT INTO tasks (user_id, id, rev, task_date, task_key, rule_id, title, description, category, points_reward, is_system, weekdays, is_weekly,
    remind_at, by_guardian, created_at, updated_at)
  SELECT p_user_id, v_rev + ROW_NUMBER() OVER due_order, v_rev + ROW_NUMBER() OVER due_order, p_date, task_key, rule_id, title, description,
    category, points_reward, is_system, weekdays, is_weekly, remind_at, by_guardian, p_now, p_now
  FROM (
    SELECT CONCAT('sys:', id) AS task_key, NULL AS rule_id, title, description, category, points_reward, TRUE AS is_system, NULL AS weekdays,
      FALSE AS is_weekly, NULL AS remind_at, FALSE AS by_guardian, sort_order AS position
    FROM task_templates
    JOIN JSON_TABLE(p_templates, '$[*]' COLUMNS (wanted VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS asked ON id = wanted
    WHERE is_active
    UNION ALL
    SELECT CONCAT('rule:', id), id, title, description, category, points_reward, FALSE, weekdays, is_weekly, remind_at, by_guardian, id
    FROM task_rules JOIN JSON_TABLE(p_rules, '$[*]' COLUMNS (wanted BIGINT UNSIGNED PATH '$')) AS asked ON user_id = p_user_id AND id = wanted
    WHERE ended_at IS NULL
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
