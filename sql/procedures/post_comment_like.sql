-- Stores whether the child likes the AI comment of a diary. Changes the diary's rev but not its content_rev. NOT_FOUND without a comment.
CREATE DEFINER = gd_owner PROCEDURE post_comment_like(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_diary_id BIGINT UNSIGNED,
  IN p_is_liked BOOLEAN,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include open_posting

  SET v_rev = v_rev + 1;
  UPDATE diaries SET ai_liked = p_is_liked, rev = v_rev
   WHERE user_id = p_user_id AND id = p_diary_id AND deleted_at IS NULL AND ai_comment IS NOT NULL;
  IF ROW_COUNT() = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
  SET v_receipt = JSON_OBJECT('id', p_diary_id);
  -- include close_posting
  SELECT v_receipt AS response;
END
