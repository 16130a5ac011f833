-- One ledger row: a user's own spending (p_amount < 0) or an operator's gift (p_actor). Never below zero; a request id is never booked twice,
-- not even after its stored answer has been cleared away; an operator's not for another user either.
CREATE DEFINER = gd_owner PROCEDURE post_points(
  IN p_user_id INT UNSIGNED,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_amount INT,
  IN p_source VARCHAR(100) CHARACTER SET utf8mb4,
  IN p_description VARCHAR(500) CHARACTER SET utf8mb4,
  IN p_related_id BIGINT UNSIGNED /* NULL */,
  IN p_related_type VARCHAR(50) CHARACTER SET utf8mb4 /* NULL */,
  IN p_actor VARCHAR(100) CHARACTER SET utf8mb4 /* NULL */,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include open_posting

  SET v_rev = v_rev + 1;
  SET v_amount = p_amount;
  -- include move_points
  BEGIN
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'IDEMPOTENCY_MISMATCH';
    IF p_actor IS NOT NULL THEN
      INSERT INTO requests (user_id, request_id, hash, created_at) VALUES (0, p_request_id, p_hash, p_now);
    END IF;
    INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
    VALUES (p_user_id, v_seq, v_amount, v_points, p_source, CONCAT('req:', p_request_id), p_description, p_related_id, p_related_type, p_actor, v_rev, p_now);
  END;
  SET v_answer = JSON_OBJECT('seq', v_seq, 'amount', p_amount, 'balance_after', v_points, 'source', p_source, 'description', p_description,
    'related_id', p_related_id, 'related_type', p_related_type, 'created_at', DATE_FORMAT(p_now, '%Y-%m-%dT%H:%i:%s.%fZ'));
  -- include close_posting
END
