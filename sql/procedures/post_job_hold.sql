-- What a worker notes on the job it has leased: a reference to go on from (NULL keeps the one there is, '' drops
-- it), an unchecked result (fileId or text), the next due_at. p_is_released gives the lease back; p_unpaid takes back attempts that provably cost nothing.
-- Answers whether the lease still was this worker's; if not, nothing is changed.
CREATE DEFINER = gd_owner PROCEDURE post_job_hold(
  IN p_user_id INT UNSIGNED,
  IN p_id BIGINT UNSIGNED,
  IN p_worker VARCHAR(40) CHARACTER SET ascii,
  IN p_reference VARCHAR(120) CHARACTER SET ascii /* NULL */,
  IN p_result JSON /* NULL */,
  IN p_due_at DATETIME(3),
  IN p_is_released BOOLEAN,
  IN p_unpaid TINYINT UNSIGNED,
  IN p_error_code VARCHAR(40) CHARACTER SET ascii /* NULL */
)
SQL SECURITY DEFINER
BEGIN
  UPDATE ai_jobs SET reference = NULLIF(COALESCE(p_reference, reference), ''), result = COALESCE(p_result, result),
    due_at = p_due_at, attempts = attempts - LEAST(attempts, p_unpaid), error_code = p_error_code,
    status = IF(p_is_released AND p_result ->> '$.fileId' IS NULL, 'queued', status), worker = IF(p_is_released, NULL, worker)
  WHERE user_id = p_user_id AND id = p_id AND worker = p_worker AND status = 'running';
  SELECT JSON_OBJECT('held', ROW_COUNT() = 1) AS response;
END
