-- Stores a receipt for a mutation that writes nothing else: it lost a conflict, was rejected, or found the data already as it wants them.
-- p_revisions: texts to keep in the same posting; NULL keeps none. p_base_rev: the rev that the decision was based on. When the user's data have
-- changed since, the answer is MOVED and the function decides again. NULL skips that check.
CREATE DEFINER = gd_owner PROCEDURE post_answer(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_base_rev BIGINT UNSIGNED /* NULL */,
  IN p_revisions JSON /* NULL */,
  IN p_receipt JSON,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include open_posting

  IF v_rev <> p_base_rev THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MOVED'; END IF;
  IF p_revisions IS NOT NULL THEN
    CALL keep_revisions(p_user_id, v_rev + 1, p_revisions, p_now);
    SET v_rev = v_rev + JSON_LENGTH(p_revisions);
  END IF;
  SET v_receipt = p_receipt;
  -- include close_posting
  SELECT v_receipt AS response;
END
