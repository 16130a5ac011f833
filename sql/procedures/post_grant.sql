-- Pays the grant for a phone's history, once per account (the ledger's source_key). The decision was based on p_base_rev; MOVED asks the function to
-- decide again, which then finds that ledger row.
-- p_waiting: the part that a guardian has to accept.
CREATE DEFINER = gd_owner PROCEDURE post_grant(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_base_rev BIGINT UNSIGNED,
  IN p_granted INT,
  IN p_waiting INT UNSIGNED,
  IN p_description VARCHAR(500) CHARACTER SET utf8mb4,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include posting_variables
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  -- include lock_user

  IF v_rev <> p_base_rev THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MOVED'; END IF;
  IF p_waiting > 0 THEN
    INSERT INTO imports (user_id, item_key, points, created_at) VALUES (p_user_id, 'grant', p_waiting, p_now);
  END IF;
  SET v_rev = v_rev + 1;
  SET v_amount = p_granted;
  -- include move_points
  INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
  VALUES (p_user_id, v_seq, v_amount, v_points, '历史积分', 'migration', p_description, NULL, NULL, NULL, v_rev, p_now);
  UPDATE users SET rev = v_rev, points = v_points, points_seq = v_seq, updated_at = p_now WHERE id = p_user_id;
  COMMIT;
  SELECT JSON_OBJECT('balance', v_points) AS response;
END
