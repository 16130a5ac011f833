-- Counts one more unexpected failure of a request.
CREATE DEFINER = gd_owner PROCEDURE post_failure(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include check_account
  INSERT INTO sync_failures (user_id, request_id, failures, failed_at) VALUES (p_user_id, p_request_id, 1, p_now) AS new
  ON DUPLICATE KEY UPDATE failures = LEAST(sync_failures.failures + 1, 100), failed_at = new.failed_at;
  SELECT JSON_OBJECT('failures', failures) AS response FROM sync_failures WHERE user_id = p_user_id AND request_id = p_request_id;
END
