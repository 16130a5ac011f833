-- Nickname, avatar and settings; NULL leaves one as it is. p_settings is merged into what is there.
-- p_is_unchecked: the nickname could not be checked and waits for it.
CREATE DEFINER = gd_owner PROCEDURE post_profile(
  IN p_user_id INT UNSIGNED,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_nickname VARCHAR(100) CHARACTER SET utf8mb4 /* NULL */,
  IN p_avatar VARCHAR(500) CHARACTER SET utf8mb4 /* NULL */,
  IN p_settings JSON /* NULL */,
  IN p_is_unchecked BOOLEAN,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include open_posting

  UPDATE users SET nickname = COALESCE(p_nickname, nickname), avatar_url = COALESCE(p_avatar, avatar_url),
    settings = IF(p_settings IS NULL, settings, JSON_MERGE_PATCH(settings, p_settings))
  WHERE id = p_user_id;
  IF p_is_unchecked THEN
    INSERT INTO content_checks (user_id, diary_id, due_at) VALUES (p_user_id, 0, p_now + INTERVAL 1 MINUTE) AS new
    ON DUPLICATE KEY UPDATE due_at = new.due_at, tries = 0;
  END IF;
  SELECT JSON_OBJECT('id', id, 'openid', openid, 'nickname', nickname, 'avatar', avatar_url, 'points', points,
    'total_diaries', total_diaries, 'continuous_days', continuous_days, 'longest_days', longest_days, 'last_diary_date', last_diary_date,
    'settings', settings, 'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ')) INTO v_answer
  FROM users WHERE id = p_user_id;
  SET v_rev = v_rev + 1;
  -- include close_posting
END
