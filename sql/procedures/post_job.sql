-- Stores a job for the AI, or answers the existing one for this version of the diary. Reserves one of p_quota jobs of the day.
-- p_is_again: a finished job is followed by another one for the same version.
-- The day's count includes jobs of the same person's erased account. Failed jobs do not count, up to three times p_quota jobs in all.
-- p_diary_id NULL: a picture of p_input. Refuses AI_DISABLED, NOT_FOUND, INVALID_INPUT (the diary has no text) and QUOTA_EXCEEDED.
CREATE DEFINER = gd_owner PROCEDURE post_job(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_kind VARCHAR(10) CHARACTER SET ascii,
  IN p_diary_id BIGINT UNSIGNED /* NULL */,
  IN p_input JSON /* NULL */,
  IN p_is_again BOOLEAN,
  IN p_day DATE,
  IN p_quota INT UNSIGNED,
  IN p_person_hash BINARY(32),
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_version, v_job BIGINT UNSIGNED;
  DECLARE v_is_empty BOOLEAN;
  DECLARE v_charged, v_asked INT UNSIGNED;
  -- include open_posting

  IF (SELECT settings ->> '$.aiEnabled' FROM users WHERE id = p_user_id) = 'false' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'AI_DISABLED';
  END IF;
  IF p_diary_id IS NOT NULL THEN
    SELECT content_rev, content NOT REGEXP '[^[:space:]]' INTO v_version, v_is_empty
      FROM diaries WHERE user_id = p_user_id AND id = p_diary_id AND deleted_at IS NULL;
    IF v_version IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
    IF v_is_empty THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'INVALID_INPUT'; END IF;
    SELECT id INTO v_job
      FROM ai_jobs WHERE user_id = p_user_id AND diary_id = p_diary_id AND kind = p_kind AND answers_version = v_version
       AND NOT (p_is_again AND status = 'done');
  END IF;
  IF v_job IS NULL THEN
    SELECT COALESCE(SUM(is_charged), 0), COUNT(*) INTO v_charged, v_asked
      FROM ai_jobs FORCE INDEX (idx_user_day) WHERE user_id = p_user_id AND quota_day = p_day AND kind = p_kind;
    SELECT v_charged + COALESCE(SUM(charged), 0), v_asked + COALESCE(SUM(asked), 0) INTO v_charged, v_asked
      FROM spent_quotas WHERE quota_day = p_day AND person_hash = p_person_hash AND kind = p_kind;
    IF v_charged >= p_quota OR v_asked >= 3 * p_quota THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'QUOTA_EXCEEDED';
    END IF;
    -- The former job keeps its text but is no longer the answer for this version.
    UPDATE ai_jobs SET answers_version = NULL
     WHERE user_id = p_user_id AND diary_id = p_diary_id AND kind = p_kind AND answers_version = v_version;
    SET v_rev = v_rev + 1, v_job = v_rev;
    INSERT INTO ai_jobs (user_id, id, kind, diary_id, diary_version, answers_version, input, quota_day, due_at, rev, created_at)
    VALUES (p_user_id, v_job, p_kind, p_diary_id, v_version, v_version, p_input, p_day, p_now, v_rev, p_now);
  END IF;
  SET v_receipt = JSON_OBJECT('id', v_job);
  -- include close_posting
  SELECT v_receipt AS response;
END
