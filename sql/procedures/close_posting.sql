-- Ends a posting: the user's new rev and balance, the answer under its request id, and COMMIT. Returns the answer.
CREATE DEFINER = gd_owner PROCEDURE close_posting(
  IN p_user_id INT UNSIGNED, IN p_rev BIGINT UNSIGNED, IN p_points INT, IN p_seq INT UNSIGNED,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii, IN p_hash BINARY(32), IN p_response MEDIUMTEXT, IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  UPDATE users SET rev = p_rev, points = p_points, points_seq = p_seq, updated_at = p_now WHERE id = p_user_id;
  INSERT INTO requests (user_id, request_id, hash, response, created_at) VALUES (p_user_id, p_request_id, p_hash, p_response, p_now);
  COMMIT;
  SELECT p_response AS response;
END
