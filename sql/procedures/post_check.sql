-- Stores the outcome of a re-check made under p_worker's lease. p_due_at NULL: the text passed and leaves the queue; otherwise the next check is
-- due then. p_diary_id 0 is the nickname. Rewriting a text ends its lease, so the outcome of the earlier text changes nothing.
CREATE DEFINER = gd_owner PROCEDURE post_check(
  IN p_user_id INT UNSIGNED,
  IN p_diary_id BIGINT UNSIGNED,
  IN p_version BIGINT UNSIGNED /* NULL */,
  IN p_worker VARCHAR(40) CHARACTER SET ascii,
  IN p_due_at DATETIME(3) /* NULL */
)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  IF p_due_at IS NOT NULL THEN
    UPDATE content_checks SET due_at = p_due_at, tries = tries + 1, worker = NULL
     WHERE user_id = p_user_id AND diary_id = p_diary_id AND worker = p_worker;
  ELSE
    UPDATE diaries SET check_status = 'passed'
     WHERE user_id = p_user_id AND id = p_diary_id AND content_rev = p_version AND check_status = 'pending';
    DELETE FROM content_checks WHERE user_id = p_user_id AND diary_id = p_diary_id AND worker = p_worker
      AND NOT EXISTS (SELECT 1 FROM diaries WHERE user_id = p_user_id AND id = p_diary_id AND check_status = 'pending');
  END IF;
  COMMIT;
  SELECT JSON_OBJECT() AS response;
END
