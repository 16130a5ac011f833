-- Authorises a guardian's call for a child from the guardian's own account, and records it in the child's log. A caller who is not a guardian gets
-- NOT_FOUND, the same as for an unknown child. With p_needs_share, FORBIDDEN when the child does not share the diary.
CREATE DEFINER = gd_owner PROCEDURE post_guardian_call(
  IN p_guardian_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_user_id INT UNSIGNED,
  IN p_needs_share BOOLEAN,
  IN p_action VARCHAR(60) CHARACTER SET ascii,
  IN p_today DATE,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_shares BOOLEAN;
  IF NOT EXISTS (SELECT 1 FROM users WHERE id = p_guardian_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch)) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED';
  END IF;
  SELECT COALESCE(JSON_VALUE(c.settings, '$.shareDiary') = 'true', FALSE) INTO v_shares
  FROM guardians g JOIN users c ON c.id = g.user_id AND c.status = 1 WHERE g.user_id = p_user_id AND g.guardian_id = p_guardian_id;
  IF v_shares IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
  IF p_needs_share AND NOT v_shares THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'FORBIDDEN'; END IF;
  INSERT INTO guardian_log (user_id, log_date, guardian_id, action, last_at) VALUES (p_user_id, p_today, p_guardian_id, p_action, p_now) AS new
  ON DUPLICATE KEY UPDATE times = guardian_log.times + 1, last_at = new.last_at;
  SELECT JSON_OBJECT('allowed', TRUE) AS response;
END
