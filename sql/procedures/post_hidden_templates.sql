-- Replaces the list of system tasks that a family hides. Their open days from p_today on are deleted and their keys freed, so that they can return.
CREATE DEFINER = gd_owner PROCEDURE post_hidden_templates(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_template_ids JSON,
  IN p_today DATE,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include open_posting

  SET v_rev = v_rev + 1;
  DELETE FROM hidden_templates WHERE user_id = p_user_id;
  INSERT INTO hidden_templates (user_id, template_id)
  SELECT p_user_id, t.id FROM task_templates t WHERE JSON_CONTAINS(p_template_ids, JSON_QUOTE(t.id));
  UPDATE tasks t JOIN hidden_templates h ON h.user_id = t.user_id AND t.task_key = CONCAT('sys:', h.template_id)
    SET t.deleted_at = p_now, t.task_key = CONCAT('own:', t.id), t.rev = v_rev, t.updated_at = p_now
  WHERE t.user_id = p_user_id AND t.task_date >= p_today AND NOT t.is_completed AND t.completed_at IS NULL AND t.deleted_at IS NULL;
  SET v_receipt = JSON_OBJECT('hidden', TRUE);
  -- include close_posting
  SELECT v_receipt AS response;
END
