-- Removes files from the list after storage has deleted them. p_files: a JSON array of file ids.
CREATE DEFINER = gd_owner PROCEDURE post_erase_files(IN p_user_id INT UNSIGNED, IN p_files JSON)
SQL SECURITY DEFINER
BEGIN
  DELETE FROM erased_files
  WHERE user_id = p_user_id
    AND file_id IN (SELECT file COLLATE utf8mb4_0900_bin FROM JSON_TABLE(p_files, '$[*]' COLUMNS (file VARCHAR(500) PATH '$')) AS removed);
  SELECT JSON_OBJECT('removed', ROW_COUNT()) AS response;
END
