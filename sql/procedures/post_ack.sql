-- The client has stored its answers up to p_last: their receipts are dropped, their hashes stay. It has shown conflicts up to p_seen_rev.
-- Three kinds of receipt stay. A mutation that made a task: later mutations may refer to the task by it. A refusal: a replay must not read it as
-- done. A put that wrote nothing (isConflict): the next edit is compared with the version that the put found.
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
