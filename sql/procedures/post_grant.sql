-- Pays what a phone's history is worth, once per account for ever (the ledger's source_key). Decided on p_base_rev; MOVED asks for a new decision.
CREATE DEFINER = gd_owner PROCEDURE post_grant(
  IN p_user_id INT UNSIGNED, IN p_request_id VARCHAR(80) CHARACTER SET ascii, IN p_hash BINARY(32), IN p_base_rev BIGINT UNSIGNED,
  IN p_granted INT, IN p_description VARCHAR(500), IN p_response MEDIUMTEXT, IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_rev BIGINT UNSIGNED;
  DECLARE v_points INT;
  DECLARE v_seq INT UNSIGNED;
  DECLARE v_answer MEDIUMTEXT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL open_posting(p_user_id, p_request_id, p_hash, v_rev, v_points, v_seq, v_answer);
  IF v_answer IS NOT NULL THEN
    ROLLBACK;
    SELECT v_answer AS response;
  ELSE
    IF v_rev <> p_base_rev THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MOVED'; END IF;
    SET v_rev = v_rev + 1;
    IF p_granted > 0 THEN
      CALL append_record(p_user_id, v_rev, v_points, v_seq, p_granted, '历史积分', 'migration', p_description, NULL, NULL, NULL, p_now);
    END IF;
    CALL close_posting(p_user_id, v_rev, v_points, v_seq, p_request_id, p_hash, p_response, p_now);
  END IF;
END
