-- Stores WeChat's verdict on a user's picture. A picture that failed is removed from every diary and from the profile; its file is kept for
-- p_keep_days for an appeal, and then deleted. The first verdict is final: a later one for the same picture changes nothing.
CREATE DEFINER = gd_owner PROCEDURE post_picture_verdict(
  IN p_user_id INT UNSIGNED,
  IN p_file VARCHAR(500) CHARACTER SET utf8mb4,
  IN p_is_risky BOOLEAN,
  IN p_keep_days SMALLINT UNSIGNED,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_rev BIGINT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT rev INTO v_rev FROM users WHERE id = p_user_id AND status = 1 FOR UPDATE;
  UPDATE picture_checks SET status = IF(p_is_risky, 'risky', 'passed'), due_at = NULL
   WHERE user_id = p_user_id AND file_hash = UNHEX(SHA2(p_file, 256)) AND status = 'waiting';
  IF ROW_COUNT() = 1 AND p_is_risky AND v_rev IS NOT NULL THEN
    SET v_rev = v_rev + 1;
    UPDATE diaries SET hidden_images = hidden_images + 1, rev = v_rev, images = (
      SELECT COALESCE(JSON_ARRAYAGG(shown.file), JSON_ARRAY())
        FROM JSON_TABLE(images, '$[*]' COLUMNS (file VARCHAR(500) PATH '$')) AS shown WHERE shown.file COLLATE utf8mb4_bin <> p_file)
    WHERE user_id = p_user_id AND deleted_at IS NULL AND JSON_CONTAINS(images, JSON_QUOTE(p_file));
    UPDATE users SET avatar_url = IF(avatar_url COLLATE utf8mb4_bin = p_file, '', avatar_url), rev = v_rev, updated_at = p_now WHERE id = p_user_id;
    INSERT INTO erased_files (user_id, file_id, due_at) VALUES (p_user_id, p_file, p_now + INTERVAL p_keep_days DAY) AS new
    ON DUPLICATE KEY UPDATE due_at = new.due_at;
  END IF;
  COMMIT;
  SELECT JSON_OBJECT() AS response;
END
