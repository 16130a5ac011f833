-- Writes or changes the mood of a day. The first mood of a date pays p_reward, once only (the ledger's source_key).
CREATE DEFINER = gd_owner PROCEDURE post_mood(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_date DATE,
  IN p_mood VARCHAR(20) CHARACTER SET utf8mb4,
  IN p_reward INT,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_is_first BOOLEAN;
  DECLARE v_awarded INT DEFAULT 0;
  -- include open_posting

  SET v_is_first = NOT EXISTS (SELECT 1 FROM moods WHERE user_id = p_user_id AND mood_date = p_date);
  SET v_rev = v_rev + 1;
  INSERT INTO moods (user_id, mood_date, mood, rev, created_at, updated_at)
  VALUES (p_user_id, p_date, p_mood, v_rev, p_now, p_now) AS new
  ON DUPLICATE KEY UPDATE mood = new.mood, rev = new.rev, updated_at = new.updated_at;
  -- The change feed shows the diary again, which comes with the mood of its day.
  UPDATE diaries SET rev = v_rev WHERE user_id = p_user_id AND diary_date = p_date AND deleted_at IS NULL;
  IF v_is_first AND p_reward > 0 THEN
    SET v_awarded = p_reward, v_amount = p_reward;
    -- include move_points
    INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
    VALUES (p_user_id, v_seq, v_amount, v_points, '记录心情', CONCAT('mood:', p_date), CONCAT(p_date, ' 的心情'), NULL, 'mood', NULL, v_rev, p_now);
  END IF;
  SET v_receipt = JSON_OBJECT('isFirst', v_is_first IS TRUE, 'awarded', v_awarded, 'balance', v_points);
  -- include close_posting
  SELECT v_receipt AS response;
END
