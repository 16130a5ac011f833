-- One ledger row: a user's own spending (p_amount < 0) or an operator's gift (p_actor). The balance never falls below zero. A gift that would raise
-- it above 1,000,000,000 is INVALID_INPUT; the column holds far more. The row carries the request id and is the receipt: a replay answers it, and the
-- same id with other content is refused. An id that the system made is also stored in requests: a mutation's number in its client's queue, or an
-- operator's gift to all users.
CREATE DEFINER = gd_owner PROCEDURE post_points(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
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
  DECLARE v_is_same BOOLEAN;
  DECLARE v_seq INT UNSIGNED;
  DECLARE v_points INT;
  DECLARE v_rev BIGINT UNSIGNED;
  DECLARE v_created_at DATETIME(3);
  DECLARE v_receipt VARCHAR(255) CHARACTER SET ascii;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN
    ROLLBACK;
    SELECT r.seq, r.balance_after, r.created_at, r.amount = p_amount AND r.source = p_source COLLATE utf8mb4_0900_bin
      AND r.description = p_description COLLATE utf8mb4_0900_bin AND r.related_id <=> p_related_id AND r.related_type <=> p_related_type
      AND r.actor <=> p_actor
    INTO v_seq, v_points, v_created_at, v_is_same
    FROM point_records r JOIN users u ON u.id = r.user_id AND u.status = 1 AND u.token_epoch = COALESCE(p_epoch, u.token_epoch)
    WHERE r.user_id = p_user_id AND r.source_key = CONCAT('req:', p_request_id);
    IF v_is_same IS NULL THEN
      CALL find_receipt(p_user_id, p_epoch, p_request_id, p_hash, v_receipt);
      RESIGNAL;
    END IF;
    IF NOT v_is_same THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'IDEMPOTENCY_MISMATCH'; END IF;
    SELECT JSON_OBJECT('seq', v_seq, 'balance_after', v_points, 'created_at', DATE_FORMAT(v_created_at, '%Y-%m-%dT%H:%i:%s.%fZ')) AS response;
  END;

  START TRANSACTION;
  -- The guard is in the statement: nothing has to be read before it.
  UPDATE users SET points = points + p_amount, points_seq = points_seq + 1, rev = rev + 1, updated_at = p_now
  WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch) AND points + p_amount BETWEEN 0 AND 1000000000;
  IF ROW_COUNT() = 0 THEN
    -- include check_account
    IF p_amount > 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'INVALID_INPUT'; END IF;
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'POINTS_INSUFFICIENT';
  END IF;
  SELECT points_seq, points, rev INTO v_seq, v_points, v_rev FROM users WHERE id = p_user_id;
  BEGIN
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'IDEMPOTENCY_MISMATCH';
    INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
    VALUES (p_user_id, v_seq, p_amount, v_points, p_source, CONCAT('req:', p_request_id), p_description, p_related_id, p_related_type, p_actor, v_rev, p_now);
    IF p_request_id LIKE '~%' THEN
      INSERT INTO requests (user_id, request_id, hash, action, receipt, created_at)
      VALUES (IF(p_actor IS NULL, p_user_id, 0), p_request_id, p_hash, p_action, '{}', p_now);
    END IF;
  END;
  COMMIT;
  SELECT JSON_OBJECT('seq', v_seq, 'balance_after', v_points, 'created_at', DATE_FORMAT(p_now, '%Y-%m-%dT%H:%i:%s.%fZ')) AS response;
END
