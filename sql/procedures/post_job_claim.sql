-- Leases the job that has waited longest (or p_id, if it is due) to a worker and answers the data for the work; NULL when none is due.
-- A row that another worker is claiming is skipped, so two workers never get the same job. A job whose lease has expired is due again.
-- A claim counts as one paid call, except where a chat or a picture check has already begun. Taking over a comment whose worker died does not
-- count either: the conversation shows whether that worker's call was paid for.
CREATE DEFINER = gd_owner PROCEDURE post_job_claim(
  IN p_user_id INT UNSIGNED /* NULL */,
  IN p_id BIGINT UNSIGNED /* NULL */,
  IN p_worker VARCHAR(40) CHARACTER SET ascii,
  IN p_lease_until DATETIME(3),
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_user_id INT UNSIGNED;
  DECLARE v_id BIGINT UNSIGNED;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  IF p_id IS NULL THEN
    SELECT user_id, id INTO v_user_id, v_id FROM ai_jobs WHERE due_at <= p_now ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED;
  ELSE
    SELECT user_id, id INTO v_user_id, v_id
      FROM ai_jobs WHERE user_id = p_user_id AND id = p_id AND due_at <= p_now FOR UPDATE SKIP LOCKED;
  END IF;
  UPDATE ai_jobs
     SET attempts = attempts + (chat IS NULL AND trace_id IS NULL AND (kind = 'image' OR status = 'queued')),
         status = 'running', worker = p_worker, due_at = p_lease_until
   WHERE user_id = v_user_id AND id = v_id;
  COMMIT;
  SELECT IF(v_id IS NULL, JSON_OBJECT('job', NULL), (
    SELECT JSON_OBJECT('job', JSON_OBJECT('userId', j.user_id, 'id', j.id, 'kind', j.kind, 'diaryId', j.diary_id, 'attempts', j.attempts,
        'place', IF(j.conversation IS NULL, NULL, JSON_OBJECT('conversation', j.conversation, 'chat', j.chat)), 'isSent', j.is_sent IS TRUE, 'traceId', j.trace_id,
        'fileId', j.result ->> '$.fileId', 'text', j.result ->> '$.text', 'errorCode', j.error_code, 'ageMs', TIMESTAMPDIFF(MICROSECOND, j.created_at, p_now) DIV 1000,
        'openid', u.openid, 'aiEnabled', COALESCE(u.settings ->> '$.aiEnabled', 'true') <> 'false',
        'consent', (SELECT JSON_OBJECT('version', version, 'ai', ai) FROM consents WHERE user_id = j.user_id ORDER BY id DESC LIMIT 1),
        'diaryIs', IF(j.diary_id IS NULL OR d.content_rev = j.diary_version, 'same', IF(d.id IS NULL, 'gone', 'changed')),
        'content', COALESCE(d.content, j.input ->> '$.content', ''), 'mood', COALESCE(d.mood, j.input ->> '$.mood', ''),
        'weather', COALESCE(d.weather, j.input ->> '$.weather', '')))
      FROM ai_jobs j
      LEFT JOIN users u ON u.id = j.user_id AND u.status = 1
      LEFT JOIN diaries d ON d.user_id = j.user_id AND d.id = j.diary_id AND d.deleted_at IS NULL
     WHERE j.user_id = v_user_id AND j.id = v_id)) AS response;
END
