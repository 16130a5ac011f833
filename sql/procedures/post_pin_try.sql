-- Counts a try before the PIN is compared, so that parallel tries cannot exceed p_most_tries. The last try locks the gate for p_lock_seconds; each
-- lock-out doubles that time up to p_most_seconds, until post_pin_success resets it. Answers the data to compare the PIN with; for a locked gate
-- only lockedSeconds.
CREATE DEFINER = gd_owner PROCEDURE post_pin_try(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_most_tries TINYINT UNSIGNED,
  IN p_lock_seconds INT UNSIGNED,
  IN p_most_seconds INT UNSIGNED,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_hash BINARY(32);
  DECLARE v_salt BINARY(16);
  DECLARE v_epoch, v_seconds INT UNSIGNED;
  DECLARE v_tries, v_lockouts TINYINT UNSIGNED;
  DECLARE v_locked_until DATETIME(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM users WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch) FOR UPDATE) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED';
  END IF;
  SELECT pin_hash, salt, gate_epoch, tries + 1, lockouts, locked_until INTO v_hash, v_salt, v_epoch, v_tries, v_lockouts, v_locked_until
  FROM guardian_gates WHERE user_id = p_user_id AND (reset_at IS NULL OR reset_at > p_now) FOR UPDATE;
  IF v_hash IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'GUARDIAN_REQUIRED'; END IF;
  IF v_locked_until > p_now THEN
    ROLLBACK;
    SELECT JSON_OBJECT('lockedSeconds', CEIL(TIMESTAMPDIFF(MICROSECOND, p_now, v_locked_until) / 1000000)) AS response;
  ELSE
    IF v_tries >= p_most_tries THEN
      SET v_seconds = LEAST(p_lock_seconds << LEAST(v_lockouts, 10), p_most_seconds), v_tries = 0, v_lockouts = LEAST(v_lockouts + 1, 10);
    END IF;
    UPDATE guardian_gates SET tries = v_tries, lockouts = v_lockouts, locked_until = p_now + INTERVAL v_seconds SECOND WHERE user_id = p_user_id;
    COMMIT;
    SELECT JSON_OBJECT('pinHash', HEX(v_hash), 'salt', HEX(v_salt), 'gateEpoch', v_epoch, 'lockedSeconds', v_seconds) AS response;
  END IF;
END
