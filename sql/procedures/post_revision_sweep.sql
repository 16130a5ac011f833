-- Removes up to p_limit of one user's revisions from before p_before. Texts that were imported beside another text stay.
CREATE DEFINER = gd_owner PROCEDURE post_revision_sweep(
  IN p_user_id INT UNSIGNED,
  IN p_before DATETIME(3),
  IN p_limit INT UNSIGNED
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_locked INT UNSIGNED;
  DECLARE v_last_id, v_bytes BIGINT UNSIGNED;
  DECLARE v_swept INT UNSIGNED DEFAULT 0;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT id INTO v_locked FROM users WHERE id = p_user_id FOR UPDATE;
  SELECT MAX(id), SUM(LENGTH(content) + LENGTH(images) + LENGTH(tags)) INTO v_last_id, v_bytes FROM (
    SELECT id, content, images, tags FROM diary_revisions
     WHERE user_id = p_user_id AND created_at < p_before AND reason <> 'imported' ORDER BY id LIMIT p_limit
  ) AS due;
  IF v_last_id IS NOT NULL THEN
    DELETE FROM diary_revisions WHERE user_id = p_user_id AND id <= v_last_id AND created_at < p_before AND reason <> 'imported';
    SET v_swept = ROW_COUNT();
    UPDATE users SET revision_bytes = revision_bytes - LEAST(revision_bytes, v_bytes) WHERE id = p_user_id;
  END IF;
  COMMIT;
  SELECT JSON_OBJECT('swept', v_swept) AS response;
END
