-- Sets the counts per minute and action of one source. Idempotent: a repeated call changes nothing.
CREATE DEFINER = gd_owner PROCEDURE post_minutes(IN p_source VARCHAR(16) CHARACTER SET ascii, IN p_rows JSON)
SQL SECURITY DEFINER
BEGIN
  INSERT INTO call_minutes (minute, action, source, counts)
  SELECT * FROM (
    SELECT minute, action, p_source AS source, counts
    FROM JSON_TABLE(p_rows, '$[*]' COLUMNS (
      minute DATETIME PATH '$.minute', action VARCHAR(60) PATH '$.action', counts JSON PATH '$.counts'
    )) AS given
  ) AS new
  ON DUPLICATE KEY UPDATE counts = new.counts;
  SELECT JSON_OBJECT('rows', ROW_COUNT()) AS response;
END
