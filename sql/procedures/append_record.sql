-- Adds one ledger row inside an open posting and moves the running balance. Below zero is refused.
CREATE DEFINER = gd_owner PROCEDURE append_record(
  IN p_user_id INT UNSIGNED, IN p_rev BIGINT UNSIGNED, INOUT p_points INT, INOUT p_seq INT UNSIGNED,
  IN p_amount INT, IN p_source VARCHAR(100), IN p_source_key VARCHAR(100) CHARACTER SET ascii, IN p_description VARCHAR(500),
  IN p_related_id BIGINT UNSIGNED, IN p_related_type VARCHAR(50), IN p_actor VARCHAR(100), IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  IF p_points + p_amount < 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'POINTS_INSUFFICIENT'; END IF;
  SET p_points = p_points + p_amount, p_seq = p_seq + 1;
  INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
  VALUES (p_user_id, p_seq, p_amount, p_points, p_source, p_source_key, p_description, p_related_id, p_related_type, p_actor, p_rev, p_now);
END
