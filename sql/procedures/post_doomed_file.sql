-- Records, before a file is stored, when it is to be removed. Storing the same name again moves that time.
CREATE DEFINER = gd_owner PROCEDURE post_doomed_file(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_file_id VARCHAR(500) CHARACTER SET utf8mb4,
  IN p_due_at DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include check_account
  INSERT INTO erased_files (user_id, file_id, due_at) VALUES (p_user_id, p_file_id, p_due_at) AS new
  ON DUPLICATE KEY UPDATE due_at = new.due_at;
  SELECT JSON_OBJECT('due', TRUE) AS response;
END
