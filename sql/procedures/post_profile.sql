-- Changes nickname, avatar and settings; a NULL field stays unchanged. p_settings is merged into the stored settings.
-- p_checks_avatar: the avatar waits for WeChat's check; a picture that failed before is not used.
-- p_is_unchecked: the nickname could not be checked and is queued for a re-check.
CREATE DEFINER = gd_owner PROCEDURE post_profile(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_nickname VARCHAR(100) CHARACTER SET utf8mb4 /* NULL */,
  IN p_avatar VARCHAR(500) CHARACTER SET utf8mb4 /* NULL */,
  IN p_settings JSON /* NULL */,
  IN p_is_unchecked BOOLEAN,
  IN p_checks_avatar BOOLEAN,
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
    ON DUPLICATE KEY UPDATE due_at = new.due_at, tries = 0, priority = 0, worker = NULL;
  ELSEIF p_nickname IS NOT NULL THEN
    DELETE FROM content_checks WHERE user_id = p_user_id AND diary_id = 0;
  END IF;
  IF p_checks_avatar AND p_avatar <> '' THEN
    INSERT IGNORE INTO picture_checks (user_id, file_hash, file, due_at, created_at)
    VALUES (p_user_id, UNHEX(SHA2(p_avatar, 256)), p_avatar, p_now, p_now);
    UPDATE users u JOIN picture_checks c ON c.user_id = u.id AND c.file_hash = UNHEX(SHA2(p_avatar, 256)) AND c.status = 'risky'
       SET u.avatar_url = ''
     WHERE u.id = p_user_id;
  END IF;
  SET v_rev = v_rev + 1, v_receipt = '{}';
  -- include close_posting
  SELECT profile AS response FROM profile_json WHERE user_id = p_user_id;
END
