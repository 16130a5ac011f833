-- Begins a posting: takes the user's row, the one lock, and looks whether this request was answered before.
-- p_answered is the stored answer of a replay (the caller rolls back and returns it), else NULL. The same id with another body is refused, as
-- is one whose answer was given and has been forgotten; one that was refused for good is refused again.
CREATE DEFINER = gd_owner PROCEDURE open_posting(
  IN p_user_id INT UNSIGNED, IN p_request_id VARCHAR(80) CHARACTER SET ascii, IN p_hash BINARY(32),
  OUT p_rev BIGINT UNSIGNED, OUT p_points INT, OUT p_seq INT UNSIGNED, OUT p_answered MEDIUMTEXT
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_hash BINARY(32);
  DECLARE v_refused VARCHAR(40);
  START TRANSACTION;
  SELECT rev, points, points_seq INTO p_rev, p_points, p_seq FROM users WHERE id = p_user_id AND status = 1 FOR UPDATE;
  IF p_rev IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED'; END IF;
  SELECT hash, response INTO v_hash, p_answered FROM requests WHERE user_id = p_user_id AND request_id = p_request_id;
  IF v_hash <> p_hash OR (v_hash IS NOT NULL AND p_answered IS NULL) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'IDEMPOTENCY_MISMATCH'; END IF;
  SET v_refused = JSON_VALUE(p_answered, '$.refused');
  IF v_refused IS NOT NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_refused; END IF;
END
