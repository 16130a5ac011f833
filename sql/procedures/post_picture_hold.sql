-- Records that a waiting picture was submitted (p_trace_id) or could not be (NULL keeps the former trace id), and when to submit it again.
CREATE DEFINER = gd_owner PROCEDURE post_picture_hold(
  IN p_user_id INT UNSIGNED,
  IN p_file VARCHAR(500) CHARACTER SET utf8mb4,
  IN p_trace_id VARCHAR(120) CHARACTER SET ascii /* NULL */,
  IN p_due_at DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  UPDATE picture_checks SET trace_id = COALESCE(p_trace_id, trace_id), due_at = p_due_at, tries = tries + 1
   WHERE user_id = p_user_id AND file_hash = UNHEX(SHA2(p_file, 256)) AND status = 'waiting';
  SELECT JSON_OBJECT() AS response;
END
