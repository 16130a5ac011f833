-- The PIN was right: resets the counts of tries and lock-outs. p_cancels_reset: cancels a pending reset of the PIN.
CREATE DEFINER = gd_owner PROCEDURE post_pin_success(
  IN p_user_id INT UNSIGNED,
  IN p_gate_epoch INT UNSIGNED,
  IN p_cancels_reset BOOLEAN,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_epoch INT UNSIGNED;
  SELECT token_epoch INTO v_epoch FROM users WHERE id = p_user_id AND status = 1;
  UPDATE guardian_gates SET tries = 0, lockouts = 0, locked_until = NULL, reset_at = IF(p_cancels_reset, NULL, reset_at), updated_at = p_now
  WHERE user_id = p_user_id AND gate_epoch = p_gate_epoch;
  IF ROW_COUNT() = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'GUARDIAN_REQUIRED'; END IF;
  SELECT JSON_OBJECT('epoch', v_epoch) AS response;
END
