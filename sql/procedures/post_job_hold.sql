-- Updates a job under the worker's lease: what was begun elsewhere (unchanged with p_keeps_begun), an unchecked result (fileId or text), and the
-- next due_at. p_is_released ends the lease. p_unpaid subtracts attempts that provably cost nothing.
-- Answers whether the worker still had the lease; without it nothing changes.
CREATE DEFINER = gd_owner PROCEDURE post_job_hold(
  IN p_user_id INT UNSIGNED,
  IN p_id BIGINT UNSIGNED,
  IN p_worker VARCHAR(40) CHARACTER SET ascii /* NULL */,
  IN p_keeps_begun BOOLEAN,
  IN p_conversation VARCHAR(60) CHARACTER SET ascii /* NULL */,
  IN p_chat VARCHAR(60) CHARACTER SET ascii /* NULL */,
  IN p_is_sent BOOLEAN,
  IN p_trace_id VARCHAR(120) CHARACTER SET ascii /* NULL */,
  IN p_result JSON /* NULL */,
  IN p_due_at DATETIME(3),
  IN p_is_released BOOLEAN,
  IN p_unpaid TINYINT UNSIGNED,
  IN p_error_code VARCHAR(40) CHARACTER SET ascii /* NULL */
)
SQL SECURITY DEFINER
BEGIN
  UPDATE ai_jobs SET conversation = IF(p_keeps_begun, conversation, p_conversation), chat = IF(p_keeps_begun, chat, p_chat),
    is_sent = IF(p_keeps_begun, is_sent, p_is_sent), trace_id = IF(p_keeps_begun, trace_id, p_trace_id), result = COALESCE(p_result, result),
    due_at = p_due_at, attempts = attempts - LEAST(attempts, p_unpaid), error_code = p_error_code,
    status = IF(p_is_released AND p_result ->> '$.fileId' IS NULL, 'queued', status), worker = IF(p_is_released, NULL, worker)
  WHERE user_id = p_user_id AND id = p_id AND worker <=> p_worker AND status = 'running';
  SELECT JSON_OBJECT('held', ROW_COUNT() = 1) AS response;
END
