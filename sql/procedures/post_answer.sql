-- Gives a request an answer that changes nothing but the memory of it: a mutation that lost, was refused for good, or found its work done.
-- p_revisions (NULL none): texts to keep in the same breath. p_base_rev (NULL any): what the decision was made on; when the user's data have
-- moved since, MOVED asks for a new one.
CREATE DEFINER = gd_owner PROCEDURE post_answer(
  IN p_user_id INT UNSIGNED,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_base_rev BIGINT UNSIGNED /* NULL */,
  IN p_revisions JSON /* NULL */,
  IN p_response MEDIUMTEXT CHARACTER SET utf8mb4,
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
  SET v_answer = p_response;
  -- include close_posting
END
