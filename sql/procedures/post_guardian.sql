-- Makes p_guardian_id a guardian of the child who issued the code, and uses up the code. NOT_FOUND for an unknown, used or expired code, and for
-- a code of the caller's own.
CREATE DEFINER = gd_owner PROCEDURE post_guardian(
  IN p_guardian_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_code_hash BINARY(32),
  IN p_most INT UNSIGNED,
  IN p_today DATE,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_child INT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM users WHERE id = p_guardian_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch)) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED';
  END IF;
  SELECT i.user_id INTO v_child FROM invitations i JOIN users u ON u.id = i.user_id AND u.status = 1
  WHERE i.code_hash = p_code_hash AND i.expires_at > p_now AND i.user_id <> p_guardian_id FOR UPDATE;
  IF v_child IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
  IF (SELECT COUNT(*) FROM guardians WHERE user_id = v_child AND guardian_id <> p_guardian_id) >= p_most THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'QUOTA_EXCEEDED';
  END IF;
  DELETE FROM invitations WHERE code_hash = p_code_hash;
  INSERT INTO guardians (user_id, guardian_id, joined_at) VALUES (v_child, p_guardian_id, p_now) AS new
  ON DUPLICATE KEY UPDATE joined_at = guardians.joined_at;
  INSERT INTO guardian_log (user_id, log_date, guardian_id, action, last_at) VALUES (v_child, p_today, p_guardian_id, 'family.join', p_now) AS new
  ON DUPLICATE KEY UPDATE times = guardian_log.times + 1, last_at = new.last_at;
  COMMIT;
  SELECT JSON_OBJECT('childId', v_child, 'nickname', nickname) AS response FROM users WHERE id = v_child;
END
