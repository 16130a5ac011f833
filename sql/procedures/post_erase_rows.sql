-- Removes up to p_limit rows of an erased account from each table with a user_id. The tables come from the schema, so that a new table is covered.
-- Ledger rows and draws stay anonymously: their texts go, amounts and reasons stay. An active account is refused.
-- The erasure is marked complete p_settle_seconds after it began at the earliest, because a call in flight may still add a row.
CREATE DEFINER = gd_owner PROCEDURE post_erase_rows(
  IN p_user_id INT UNSIGNED,
  IN p_limit INT UNSIGNED,
  IN p_settle_seconds INT UNSIGNED,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_table VARCHAR(64) CHARACTER SET utf8mb4;
  DECLARE v_is_last BOOLEAN DEFAULT FALSE;
  DECLARE v_removed INT UNSIGNED DEFAULT 0;
  DECLARE v_files INT UNSIGNED;
  DECLARE v_tables CURSOR FOR
    SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = DATABASE() AND column_name = 'user_id' AND table_type = 'BASE TABLE'
      AND table_name NOT IN ('erasures', 'erased_files', 'point_records', 'lottery_records');
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_last = TRUE;

  IF NOT EXISTS (SELECT 1 FROM users WHERE id = p_user_id AND status = 0) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'FORBIDDEN'; END IF;
  SET @erase_user = p_user_id, @erase_limit = p_limit;
  OPEN v_tables;
  next_table: LOOP
    FETCH v_tables INTO v_table;
    IF v_is_last THEN LEAVE next_table; END IF;
    SET @erase_statement = CONCAT('DELETE FROM `', v_table, '` WHERE user_id = ? LIMIT ?');
    PREPARE erase_statement FROM @erase_statement;
    EXECUTE erase_statement USING @erase_user, @erase_limit;
    SET v_removed = v_removed + ROW_COUNT();
    DEALLOCATE PREPARE erase_statement;
  END LOOP;
  CLOSE v_tables;

  UPDATE point_records SET description = '', source = IF(source_key LIKE 'req:%', '', source), related_id = NULL, related_type = NULL
  WHERE user_id = p_user_id AND (description <> '' OR related_type IS NOT NULL OR (source_key LIKE 'req:%' AND source <> ''))
  LIMIT p_limit;
  SET v_removed = v_removed + ROW_COUNT();

  UPDATE lottery_records SET prize_name = '', prize_image = '', prize_emoji = '', prize_description = ''
  WHERE user_id = p_user_id AND (prize_name <> '' OR prize_image <> '' OR prize_emoji <> '' OR prize_description <> '')
  LIMIT p_limit;
  SET v_removed = v_removed + ROW_COUNT();

  SELECT COUNT(*) INTO v_files FROM erased_files WHERE user_id = p_user_id;
  IF v_removed = 0 AND v_files = 0 THEN
    UPDATE erasures SET finished_at = p_now
    WHERE user_id = p_user_id AND finished_at IS NULL AND asked_at <= p_now - INTERVAL p_settle_seconds SECOND;
  END IF;
  SELECT JSON_OBJECT('removed', v_removed) AS response;
END
