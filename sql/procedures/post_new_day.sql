-- Publishes a diary on a day without any row: the usual case, which needs no read before. When the day has a row (a draft, a tombstone) or was
-- already paid, the answer is MOVED and the function decides by what it finds (post_diary). p_reward as in post_diary. p_mood NULL: the mood of the
-- day.
CREATE DEFINER = gd_owner PROCEDURE post_new_day(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_day DATE,
  IN p_content TEXT CHARACTER SET utf8mb4,
  IN p_mood VARCHAR(20) CHARACTER SET utf8mb4 /* NULL */,
  IN p_weather VARCHAR(20) CHARACTER SET utf8mb4,
  IN p_images JSON,
  IN p_tags JSON,
  IN p_check_status VARCHAR(10) CHARACTER SET ascii,
  IN p_reward INT,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_day DATE DEFAULT p_day;
  DECLARE v_recount BOOLEAN DEFAULT FALSE;
  DECLARE v_mood_of_day VARCHAR(20) CHARACTER SET utf8mb4;
  DECLARE v_hidden TINYINT UNSIGNED DEFAULT 0;
  -- include open_posting

  SET v_rev = v_rev + 1;
  SET v_mood_of_day = (SELECT mood FROM moods WHERE user_id = p_user_id AND mood_date = p_day);
  -- include check_pictures
  BEGIN
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MOVED';
    INSERT INTO diaries (user_id, id, diary_date, content, mood, weather, images, hidden_images, tags, check_status, rev, content_rev, modified_at, created_at, updated_at)
    VALUES (p_user_id, v_rev, p_day, p_content, COALESCE(p_mood, v_mood_of_day, ''), p_weather, p_images, v_hidden, p_tags, p_check_status, v_rev, v_rev, p_now, p_now, p_now);
    IF p_reward > 0 THEN
      SET v_amount = p_reward;
      -- include move_points
      INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
      VALUES (p_user_id, v_seq, v_amount, v_points, '写日记', CONCAT('diary:', p_day), CONCAT(p_day, ' 的日记'), v_rev, 'diary', NULL, v_rev, p_now);
    END IF;
  END;
  IF p_check_status = 'pending' THEN
    INSERT INTO content_checks (user_id, diary_id, due_at) VALUES (p_user_id, v_rev, p_now + INTERVAL 1 MINUTE);
  END IF;
  -- include count_streak
  UPDATE users SET rev = v_rev, points = v_points, points_seq = v_seq, total_diaries = v_total, continuous_days = v_run, longest_days = v_longest,
    last_diary_date = v_last, updated_at = p_now
  WHERE id = p_user_id;
  SET v_receipt = JSON_OBJECT('id', v_rev, 'version', v_rev, 'reward', p_reward, 'balance', v_points, 'isRejected', FALSE);
  -- include store_receipt
  SELECT JSON_SET(v_receipt, '$.total', v_total, '$.run', v_run, '$.longest', v_longest, '$.last', v_last, '$.moodOfDay', v_mood_of_day) AS response;
END
