-- Revokes the guardian tokens issued so far. p_reset_at: when the PIN expires; NULL without a reset. A pending reset keeps its time.
CREATE DEFINER = gd_owner PROCEDURE post_gate_close(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_reset_at DATETIME(3) /* NULL */,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_reset_at DATETIME(3);
  DECLARE v_found BOOLEAN DEFAULT FALSE;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM users WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch) FOR UPDATE) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED';
  END IF;
  SELECT TRUE, COALESCE(reset_at, p_reset_at) INTO v_found, v_reset_at
  FROM guardian_gates WHERE user_id = p_user_id AND (reset_at IS NULL OR reset_at > p_now) FOR UPDATE;
  UPDATE guardian_gates SET gate_epoch = gate_epoch + 1, reset_at = v_reset_at, updated_at = p_now WHERE user_id = p_user_id AND v_found;
  COMMIT;
  SELECT JSON_OBJECT('hasPin', v_found, 'resetAt', DATE_FORMAT(v_reset_at, '%Y-%m-%dT%H:%i:%s.%fZ')) AS response;
END
