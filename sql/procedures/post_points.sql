-- One ledger row: a user's own spending (p_amount < 0) or an operator's gift (p_actor). Never below zero; a request id is never booked twice,
-- not even after its stored answer has been cleared away.
CREATE DEFINER = gd_owner PROCEDURE post_points(
  IN p_user_id INT UNSIGNED, IN p_request_id VARCHAR(80) CHARACTER SET ascii, IN p_hash BINARY(32),
  IN p_amount INT, IN p_source VARCHAR(100), IN p_description VARCHAR(500), IN p_related_id BIGINT UNSIGNED, IN p_related_type VARCHAR(50),
  IN p_actor VARCHAR(100), IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_rev BIGINT UNSIGNED;
  DECLARE v_points INT;
  DECLARE v_seq INT UNSIGNED;
  DECLARE v_answer MEDIUMTEXT;
  DECLARE EXIT HANDLER FOR 1062 BEGIN ROLLBACK; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'IDEMPOTENCY_MISMATCH'; END;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL open_posting(p_user_id, p_request_id, p_hash, v_rev, v_points, v_seq, v_answer);
  IF v_answer IS NOT NULL THEN
    ROLLBACK;
    SELECT v_answer AS response;
  ELSE
    SET v_rev = v_rev + 1;
    CALL append_record(p_user_id, v_rev, v_points, v_seq, p_amount, p_source, CONCAT('req:', p_request_id), p_description,
      p_related_id, p_related_type, p_actor, p_now);
    SET v_answer = JSON_OBJECT('seq', v_seq, 'amount', p_amount, 'balance_after', v_points, 'source', p_source, 'description', p_description,
      'related_id', p_related_id, 'related_type', p_related_type, 'created_at', DATE_FORMAT(p_now, '%Y-%m-%dT%H:%i:%s.%fZ'));
    CALL close_posting(p_user_id, v_rev, v_points, v_seq, p_request_id, p_hash, v_answer, p_now);
  END IF;
END
