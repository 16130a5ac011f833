-- Removes a nickname that failed its check, unless the child has changed it since.
CREATE DEFINER = gd_owner PROCEDURE post_nickname_removal(
  IN p_user_id INT UNSIGNED,
  IN p_nickname VARCHAR(100) CHARACTER SET utf8mb4,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  UPDATE users SET nickname = '', rev = rev + 1, updated_at = p_now
   WHERE id = p_user_id AND status = 1 AND nickname COLLATE utf8mb4_0900_bin = p_nickname;
  SELECT JSON_OBJECT('removed', ROW_COUNT()) AS response;
END
