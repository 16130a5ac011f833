-- What a request was answered the first time, NULL when it never was. The same id with another body is refused, as is one whose answer was given and
-- has been forgotten; one that was refused for good is refused again.
CREATE DEFINER = gd_owner PROCEDURE find_answer(
  IN p_user_id INT UNSIGNED,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  OUT p_answer MEDIUMTEXT CHARACTER SET utf8mb4
)
SQL SECURITY INVOKER
BEGIN
  DECLARE v_hash BINARY(32);
  DECLARE v_refused VARCHAR(40) CHARACTER SET utf8mb4;
  SELECT r.hash, r.response INTO v_hash, p_answer
  FROM requests r JOIN users u ON u.id = r.user_id AND u.status = 1 WHERE r.user_id = p_user_id AND r.request_id = p_request_id;
  IF v_hash <> p_hash OR (v_hash IS NOT NULL AND p_answer IS NULL) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'IDEMPOTENCY_MISMATCH'; END IF;
  SET v_refused = JSON_VALUE(p_answer, '$.refused');
  IF v_refused IS NOT NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_refused; END IF;
END
