-- Ends a job and writes its result to the diary in the same posting. That changes the diary's rev but not its content_rev. A job that has ended,
-- or whose lease passed to another worker, is left unchanged. When the diary was deleted or rewritten, the result is dropped and the job fails with
-- NOT_FOUND or VERSION_CONFLICT. p_worker NULL: no lease is required (the picture check answers).
-- A failed job returns its quota; a dropped result does not. p_may_repeat: another job for the same diary version may be requested.
-- p_note_kind: kind of note for the guardian's inbox, at most one a day per kind.
-- Answers the job's end, whether this worker ended it (also on a replay), and the picture that it replaced.
CREATE DEFINER = gd_owner PROCEDURE post_job_end(
  IN p_user_id INT UNSIGNED,
  IN p_id BIGINT UNSIGNED,
  IN p_worker VARCHAR(40) CHARACTER SET ascii /* NULL */,
  IN p_text TEXT CHARACTER SET utf8mb4 /* NULL */,
  IN p_file_id VARCHAR(500) CHARACTER SET utf8mb4 /* NULL */,
  IN p_error_code VARCHAR(40) CHARACTER SET ascii /* NULL */,
  IN p_note_kind VARCHAR(20) CHARACTER SET ascii /* NULL */,
  IN p_may_repeat BOOLEAN,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_rev, v_diary_id, v_diary_version, v_version BIGINT UNSIGNED;
  DECLARE v_status VARCHAR(10) CHARACTER SET utf8mb4;
  DECLARE v_error_code VARCHAR(40) CHARACTER SET utf8mb4 DEFAULT p_error_code;
  DECLARE v_worker VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_image VARCHAR(500) CHARACTER SET utf8mb4;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT rev INTO v_rev FROM users WHERE id = p_user_id AND status = 1 FOR UPDATE;
  IF v_rev IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED'; END IF;
  SELECT status, worker, diary_id, diary_version INTO v_status, v_worker, v_diary_id, v_diary_version
    FROM ai_jobs WHERE user_id = p_user_id AND id = p_id FOR UPDATE;
  IF v_status IN ('queued', 'running') AND v_worker <=> p_worker THEN
    SET v_rev = v_rev + 1;
    IF v_error_code IS NULL AND v_diary_id IS NOT NULL THEN
      SELECT content_rev, ai_image INTO v_version, v_image
        FROM diaries WHERE user_id = p_user_id AND id = v_diary_id AND deleted_at IS NULL FOR UPDATE;
      SET v_error_code = IF(v_version IS NULL, 'NOT_FOUND', IF(v_version <> v_diary_version, 'VERSION_CONFLICT', NULL));
      IF v_error_code IS NULL THEN
        UPDATE diaries SET ai_comment = COALESCE(p_text, ai_comment), ai_comment_at = IF(p_text IS NULL, ai_comment_at, p_now),
          ai_liked = ai_liked AND p_text IS NULL, ai_is_stale = ai_is_stale AND p_text IS NULL, ai_image = COALESCE(p_file_id, ai_image), rev = v_rev
         WHERE user_id = p_user_id AND id = v_diary_id;
      END IF;
    END IF;
    SET v_status = IF(v_error_code IS NULL, 'done', 'failed');
    UPDATE ai_jobs SET status = v_status, error_code = v_error_code, rev = v_rev, finished_at = p_now, due_at = NULL, worker = p_worker,
      result = IF(v_error_code IS NOT NULL, NULL, IF(p_text IS NOT NULL, JSON_OBJECT('text', p_text), JSON_OBJECT('fileId', p_file_id))),
      is_charged = p_error_code IS NULL,
      answers_version = IF(v_error_code IS NOT NULL AND p_may_repeat, NULL, answers_version)
    WHERE user_id = p_user_id AND id = p_id;
    IF p_note_kind IS NOT NULL THEN
      INSERT IGNORE INTO guardian_notes (user_id, id, kind, note_date, created_at)
      VALUES (p_user_id, v_rev, p_note_kind, DATE(p_now + INTERVAL 8 HOUR), p_now);
    END IF;
    UPDATE users SET rev = v_rev, updated_at = p_now WHERE id = p_user_id;
  ELSE
    SELECT error_code INTO v_error_code FROM ai_jobs WHERE user_id = p_user_id AND id = p_id;
  END IF;
  COMMIT;
  SELECT JSON_OBJECT('isMine', v_worker <=> p_worker, 'status', v_status, 'errorCode', v_error_code,
    'replaced', IF(p_file_id IS NULL, NULL, v_image)) AS response;
END
