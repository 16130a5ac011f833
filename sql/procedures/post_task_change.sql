-- Changes a user's own task; NULL leaves a field as it is. Of a repeating task the rule changes, and with it the open days from p_today on.
-- What was done keeps its reward. The date moves only for a task of one day that is still open.
CREATE DEFINER = gd_owner PROCEDURE post_task_change(
  IN p_user_id INT UNSIGNED, IN p_request_id VARCHAR(80) CHARACTER SET ascii, IN p_hash BINARY(32), IN p_id BIGINT UNSIGNED,
  IN p_title VARCHAR(200), IN p_description VARCHAR(2000), IN p_category VARCHAR(50), IN p_reward INT UNSIGNED, IN p_date DATE,
  IN p_today DATE, IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_rev BIGINT UNSIGNED;
  DECLARE v_points INT;
  DECLARE v_seq INT UNSIGNED;
  DECLARE v_answer MEDIUMTEXT;
  DECLARE v_date DATE;
  DECLARE v_is_system, v_is_done BOOLEAN;
  DECLARE v_rule BIGINT UNSIGNED;
  DECLARE v_reward INT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL open_posting(p_user_id, p_request_id, p_hash, v_rev, v_points, v_seq, v_answer);
  IF v_answer IS NOT NULL THEN
    ROLLBACK;
    SELECT v_answer AS response;
  ELSE
    SELECT task_date, is_system, is_completed, rule_id, points_reward INTO v_date, v_is_system, v_is_done, v_rule, v_reward
    FROM tasks WHERE user_id = p_user_id AND id = p_id AND deleted_at IS NULL;
    IF v_date IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
    IF v_is_system THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'FORBIDDEN'; END IF;
    IF p_date <> v_date AND (v_is_done OR v_rule IS NOT NULL) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'INVALID_INPUT'; END IF;
    IF p_reward <> v_reward AND v_is_done AND v_rule IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TASK_ALREADY_COMPLETED'; END IF;

    SET v_rev = v_rev + 1;
    UPDATE task_rules SET title = COALESCE(p_title, title), description = COALESCE(p_description, description),
      category = COALESCE(p_category, category), points_reward = COALESCE(p_reward, points_reward)
    WHERE user_id = p_user_id AND id = v_rule AND ended_at IS NULL;
    UPDATE tasks SET title = COALESCE(p_title, title), description = COALESCE(p_description, description),
      category = COALESCE(p_category, category), points_reward = IF(is_completed, points_reward, COALESCE(p_reward, points_reward)),
      task_date = IF(id = p_id, COALESCE(p_date, task_date), task_date), rev = v_rev, updated_at = p_now
    WHERE user_id = p_user_id AND task_date >= LEAST(p_today, v_date) AND deleted_at IS NULL
      AND (id = p_id OR (rule_id = v_rule AND task_date >= p_today AND NOT is_completed));
    SELECT task INTO v_answer FROM task_json WHERE user_id = p_user_id AND id = p_id;
    CALL close_posting(p_user_id, v_rev, v_points, v_seq, p_request_id, p_hash, v_answer, p_now);
  END IF;
END
