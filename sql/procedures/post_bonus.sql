-- Points that a guardian gives or takes. The balance never falls below zero. Given and taken points of one day together are at most p_most_bonus.
CREATE DEFINER = gd_owner PROCEDURE post_bonus(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_amount INT,
  IN p_source VARCHAR(100) CHARACTER SET utf8mb4,
  IN p_reason VARCHAR(500) CHARACTER SET utf8mb4,
  IN p_most_bonus INT,
  IN p_today DATE,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include open_posting

  IF ABS(p_amount) + (SELECT COALESCE(SUM(ABS(amount)), 0) FROM point_records WHERE user_id = p_user_id AND source_key LIKE CONCAT('bonus:', p_today, ':%'))
      > p_most_bonus THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'QUOTA_EXCEEDED';
  END IF;
  SET v_rev = v_rev + 1, v_amount = p_amount;
  -- include move_points
  INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
  VALUES (p_user_id, v_seq, v_amount, v_points, p_source, CONCAT('bonus:', p_today, ':', v_rev), p_reason, NULL, NULL, 'guardian', v_rev, p_now);
  SET v_receipt = JSON_OBJECT('seq', v_seq, 'balance', v_points);
  -- include close_posting
  SELECT v_receipt AS response;
END
