-- Ends an account in one step: revokes its tokens and clears its openid, so that the openid can sign up again. Lists its files for removal.
-- post_erase_rows removes the rows. A replay is refused because the account is no longer active.
CREATE DEFINER = gd_owner PROCEDURE post_erase(
  IN p_user_id INT UNSIGNED, IN p_epoch INT UNSIGNED /* NULL */, IN p_person_hash BINARY(32), IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_epoch INT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT token_epoch INTO v_epoch FROM users
  WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch) FOR UPDATE;
  IF v_epoch IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED'; END IF;

  UPDATE erased_files SET due_at = p_now WHERE user_id = p_user_id;
  INSERT INTO erased_files (user_id, file_id, due_at)
  SELECT DISTINCT p_user_id, named.file COLLATE utf8mb4_0900_bin, p_now FROM (
    SELECT avatar_url AS file FROM users WHERE id = p_user_id
    UNION ALL SELECT ai_image FROM diaries WHERE user_id = p_user_id
    UNION ALL SELECT image.file FROM diaries, JSON_TABLE(images, '$[*]' COLUMNS (file VARCHAR(500) PATH '$')) AS image WHERE user_id = p_user_id
    UNION ALL SELECT image.file FROM diary_revisions, JSON_TABLE(images, '$[*]' COLUMNS (file VARCHAR(500) PATH '$')) AS image WHERE user_id = p_user_id
    UNION ALL SELECT result->>'$.fileId' FROM ai_jobs WHERE user_id = p_user_id
    -- The picture of an imported draw is the user's own file; other draws show pictures of operators or families.
    UNION ALL SELECT prize_image FROM lottery_records WHERE user_id = p_user_id AND prize_image LIKE CONCAT('%/users/', p_user_id, '/%')
    UNION ALL SELECT image_url FROM family_prizes WHERE user_id = p_user_id AND image_url LIKE CONCAT('%/users/', p_user_id, '/%')
    UNION ALL SELECT file FROM picture_checks WHERE user_id = p_user_id
  ) AS named
  WHERE named.file LIKE 'cloud://%' OR named.file LIKE 'cos://%';
  INSERT INTO erasures (user_id, person_hash, asked_at)
  SELECT p_user_id, IF(EXISTS (SELECT 1 FROM point_records WHERE user_id = p_user_id AND source_key = 'migration'), p_person_hash, NULL), p_now;
  UPDATE users SET status = 0, token_epoch = v_epoch + 1, rev = rev + 1, openid = NULL, nickname = '', avatar_url = '',
    settings = JSON_OBJECT('aiEnabled', FALSE), updated_at = p_now
  WHERE id = p_user_id;
  DELETE FROM spent_quotas WHERE quota_day < DATE(p_now) - INTERVAL 2 DAY;
  INSERT INTO spent_quotas (quota_day, person_hash, kind, charged, asked)
  SELECT quota_day, p_person_hash, kind, SUM(is_charged), COUNT(*) FROM ai_jobs
   WHERE user_id = p_user_id AND quota_day >= DATE(p_now) - INTERVAL 1 DAY GROUP BY quota_day, kind
  ON DUPLICATE KEY UPDATE charged = spent_quotas.charged + VALUES(charged), asked = spent_quotas.asked + VALUES(asked);
  DELETE FROM guardians WHERE guardian_id = p_user_id;
  COMMIT;
  SELECT JSON_OBJECT('erased', TRUE) AS response;
END
