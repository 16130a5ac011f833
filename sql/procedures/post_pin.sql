-- Sets the PIN. p_gate_epoch is the epoch of the PIN to replace; NULL when none is set. MOVED when another PIN was set meanwhile. Guardian tokens
-- issued before are revoked.
CREATE DEFINER = gd_owner PROCEDURE post_pin(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_gate_epoch INT UNSIGNED /* NULL */,
  IN p_pin_hash BINARY(32),
  IN p_salt BINARY(16),
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_epoch INT UNSIGNED;
  DECLARE v_stands BOOLEAN;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM users WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch) FOR UPDATE) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED';
  END IF;
  SELECT gate_epoch, reset_at IS NULL OR reset_at > p_now INTO v_epoch, v_stands FROM guardian_gates WHERE user_id = p_user_id FOR UPDATE;
  IF NOT IF(v_stands, v_epoch, NULL) <=> p_gate_epoch THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MOVED'; END IF;
  INSERT INTO guardian_gates (user_id, pin_hash, salt, created_at, updated_at) VALUES (p_user_id, p_pin_hash, p_salt, p_now, p_now) AS new
  ON DUPLICATE KEY UPDATE pin_hash = new.pin_hash, salt = new.salt, gate_epoch = guardian_gates.gate_epoch + 1, tries = 0, lockouts = 0,
    locked_until = NULL, reset_at = NULL, updated_at = new.updated_at;
  COMMIT;
  SELECT JSON_OBJECT('gateEpoch', gate_epoch) AS response FROM guardian_gates WHERE user_id = p_user_id;
END
