-- The client has stored its answers up to p_last: they are forgotten; what was asked (the hash) is not. Conflicts up to p_seen_rev have been shown.
-- The answer that made a task stays: later mutations may refer to the task by it. So does a refusal: what was refused must not pass for done.
-- So does that of a put that wrote nothing (isConflict): one that lost must not pass for done either, and the next edit is judged by what the other found.
CREATE DEFINER = gd_owner PROCEDURE post_ack(
  IN p_user_id INT UNSIGNED,
  IN p_first VARCHAR(80) CHARACTER SET ascii,
  IN p_last VARCHAR(80) CHARACTER SET ascii,
  IN p_seen_rev BIGINT UNSIGNED /* NULL */
)
SQL SECURITY DEFINER
BEGIN
  UPDATE requests SET response = NULL
   WHERE user_id = p_user_id AND request_id BETWEEN p_first AND p_last AND response IS NOT NULL AND NOT JSON_CONTAINS_PATH(response, 'one', '$.task_date', '$.refused', '$.isConflict');
  UPDATE diary_revisions SET is_unread = FALSE WHERE user_id = p_user_id AND is_unread AND id <= p_seen_rev;
  SELECT JSON_OBJECT('acknowledged', TRUE) AS response;
END
