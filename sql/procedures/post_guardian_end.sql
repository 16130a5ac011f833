-- Ends the guardianship of p_guardian_id over p_user_id; either of them may ask. A repeated call answers the same.
CREATE DEFINER = gd_owner PROCEDURE post_guardian_end(
  IN p_user_id INT UNSIGNED,
  IN p_guardian_id INT UNSIGNED,
  IN p_action VARCHAR(60) CHARACTER SET ascii,
  IN p_today DATE,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_ended INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  DELETE FROM guardians WHERE user_id = p_user_id AND guardian_id = p_guardian_id;
  SET v_ended = ROW_COUNT();
  IF v_ended > 0 THEN
    INSERT INTO guardian_log (user_id, log_date, guardian_id, action, last_at) VALUES (p_user_id, p_today, p_guardian_id, p_action, p_now) AS new
    ON DUPLICATE KEY UPDATE times = guardian_log.times + 1, last_at = new.last_at;
  END IF;
  COMMIT;
  SELECT JSON_OBJECT('ended', v_ended) AS response;
END
