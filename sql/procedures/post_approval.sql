-- Approves the waiting completions of p_ids and pays each of them, plus p_bonus per task. The child's daily caps count by the day of completion
-- (Beijing, UTC+8, as in clock.ts). A completed task is left as it is. A task that is not waiting fails the whole call with TASK_NOT_COMPLETED.
-- The bonuses of one day add up to at most p_most_bonus.
CREATE DEFINER = gd_owner PROCEDURE post_approval(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_ids JSON,
  IN p_bonus INT,
  IN p_most_bonus INT,
  IN p_own_cap INT,
  IN p_day_cap INT,
  IN p_days_back INT,
  IN p_today DATE,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_index INT DEFAULT 0;
  DECLARE v_id BIGINT UNSIGNED;
  DECLARE v_award, v_sum INT DEFAULT 0;
  DECLARE v_bonuses INT DEFAULT 0;
  DECLARE v_date, v_done_on DATE;
  DECLARE v_is_free, v_is_done BOOLEAN;
  DECLARE v_completed_at DATETIME(3);
  DECLARE v_completion INT UNSIGNED;
  DECLARE v_title VARCHAR(200) CHARACTER SET utf8mb4;
  -- include open_posting

  WHILE v_index < JSON_LENGTH(p_ids) DO
    SET v_id = JSON_EXTRACT(p_ids, CONCAT('$[', v_index, ']')), v_index = v_index + 1, v_date = NULL;
    SELECT task_date, is_system OR by_guardian, is_completed, completed_at, points_reward, completions + 1, title
    INTO v_date, v_is_free, v_is_done, v_completed_at, v_award, v_completion, v_title
    FROM tasks WHERE user_id = p_user_id AND id = v_id AND deleted_at IS NULL;
    IF v_date IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
    IF v_completed_at IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TASK_NOT_COMPLETED'; END IF;
    IF NOT v_is_done THEN
      IF NOT v_is_free THEN
        SET v_done_on = DATE(v_completed_at + INTERVAL 8 HOUR);
        SELECT LEAST(v_award, GREATEST(p_own_cap - COALESCE(SUM(IF(task_date = v_date, awarded, 0)), 0), 0),
          GREATEST(p_day_cap - COALESCE(SUM(IF(DATE(completed_at + INTERVAL 8 HOUR) = v_done_on, awarded, 0)), 0), 0)) INTO v_award
        FROM tasks WHERE user_id = p_user_id AND task_date BETWEEN v_done_on - INTERVAL p_days_back DAY AND v_done_on AND NOT is_system AND NOT by_guardian;
      END IF;
      SET v_rev = v_rev + 1, v_sum = v_sum + v_award;
      UPDATE tasks FORCE INDEX (PRIMARY) SET is_completed = TRUE, completions = v_completion, awarded = v_award, rejected_reason = NULL, rev = v_rev, updated_at = p_now
      WHERE user_id = p_user_id AND id = v_id;
      DELETE FROM waiting_tasks WHERE user_id = p_user_id AND task_id = v_id;
      IF v_award > 0 THEN
        SET v_amount = v_award;
        -- include move_points
        INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
        VALUES (p_user_id, v_seq, v_amount, v_points, '完成任务', CONCAT('task:', v_id, ':', v_completion), v_title, v_id, 'task', NULL, v_rev, p_now);
      END IF;
      IF p_bonus > 0 THEN
        SET v_rev = v_rev + 1, v_amount = p_bonus, v_bonuses = v_bonuses + p_bonus;
        -- include move_points
        INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
        VALUES (p_user_id, v_seq, v_amount, v_points, '家长奖励', CONCAT('bonus:', p_today, ':', v_rev), v_title, v_id, 'task', 'guardian', v_rev, p_now);
      END IF;
    END IF;
  END WHILE;
  IF v_bonuses > 0 AND (SELECT SUM(ABS(amount)) FROM point_records WHERE user_id = p_user_id AND source_key LIKE CONCAT('bonus:', p_today, ':%')) > p_most_bonus THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'QUOTA_EXCEEDED';
  END IF;
  SET v_receipt = JSON_OBJECT('awarded', v_sum, 'bonus', v_bonuses, 'balance', v_points);
  -- include close_posting
  SELECT v_receipt AS response;
END
