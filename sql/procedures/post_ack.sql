-- The client has stored its answers up to p_last: their receipts are dropped, the hashes stay. Conflicts up to p_seen_rev have been shown.
-- Three kinds of receipt stay: that of a mutation that made a task, because later mutations may refer to the task by it; a refusal, because it must
-- not pass for done; and that of a put that wrote nothing (isConflict), because the next edit is judged by the version it found.
CREATE DEFINER = gd_owner PROCEDURE post_ack(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_first VARCHAR(80) CHARACTER SET ascii,
  IN p_last VARCHAR(80) CHARACTER SET ascii,
  IN p_seen_rev BIGINT UNSIGNED /* NULL */
)
SQL SECURITY DEFINER
BEGIN
  -- include check_account
  UPDATE requests SET receipt = NULL
  WHERE user_id = p_user_id AND request_id BETWEEN p_first AND p_last AND receipt IS NOT NULL AND action <> 'task.create'
    AND NOT JSON_CONTAINS_PATH(receipt, 'one', '$.refused', '$.isConflict');
  UPDATE diary_revisions SET is_unread = FALSE WHERE user_id = p_user_id AND is_unread AND id <= p_seen_rev;
  SELECT JSON_OBJECT('acknowledged', TRUE) AS response;
END
