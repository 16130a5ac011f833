-- Answers the receipt of a request that was done before; NULL when it was not done, or when the token is revoked. Refuses the same id with other
-- content, and an id whose receipt was dropped after the client acknowledged it. A rejected mutation is rejected again.
CREATE DEFINER = gd_owner PROCEDURE find_receipt(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  OUT p_receipt VARCHAR(255) CHARACTER SET ascii
)
SQL SECURITY INVOKER
BEGIN
  DECLARE v_hash BINARY(32);
  DECLARE v_refused VARCHAR(40) CHARACTER SET utf8mb4;
  SELECT r.hash, r.receipt INTO v_hash, p_receipt
  FROM requests r JOIN users u ON u.id = r.user_id AND u.status = 1 AND u.token_epoch = COALESCE(p_epoch, u.token_epoch)
  WHERE r.user_id = p_user_id AND r.request_id = p_request_id;
  IF v_hash <> p_hash OR (v_hash IS NOT NULL AND p_receipt IS NULL) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'IDEMPOTENCY_MISMATCH'; END IF;
  SET v_refused = JSON_VALUE(p_receipt, '$.refused');
  IF v_refused IS NOT NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_refused; END IF;
END
