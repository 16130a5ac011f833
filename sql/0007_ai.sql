-- What the AI was asked for. A job is visible to its user (kind `job` of the change feed); a lease is not: taking one moves no rev.
CREATE TABLE ai_jobs (
  user_id         INT UNSIGNED NOT NULL,
  id              BIGINT UNSIGNED NOT NULL,
  kind            VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'comment, image',
  diary_id        BIGINT UNSIGNED NULL COMMENT 'NULL: a picture of input',
  diary_version   BIGINT UNSIGNED NULL COMMENT 'content_rev of the diary it is about',
  answers_version BIGINT UNSIGNED NULL COMMENT 'diary_version while this job is the answer for it; NULL once it failed and may be asked anew',
  input           JSON NULL COMMENT 'content, mood, weather of a picture without a diary',
  status          VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'queued' COMMENT 'queued, running, done, failed',
  result          JSON NULL COMMENT 'text or fileId; shown when done',
  error_code      VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'why it failed, or why it waits for its next attempt',
  quota_day       DATE NOT NULL,
  is_charged      BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'counts against the quota of quota_day',
  attempts        TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'calls begun that may have cost money',
  reference       VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'what was begun elsewhere and can be asked for again without paying',
  worker          VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
  due_at          DATETIME(3) NULL COMMENT 'queued: next attempt; running: end of the lease; NULL when finished',
  rev             BIGINT UNSIGNED NOT NULL,
  created_at      DATETIME(3) NOT NULL,
  finished_at     DATETIME(3) NULL,
  PRIMARY KEY (user_id, id),
  UNIQUE KEY uk_user_diary (user_id, diary_id, kind, answers_version) COMMENT 'one per diary version and kind',
  KEY idx_user_rev (user_id, rev) COMMENT 'change feed',
  KEY idx_user_day (user_id, quota_day) COMMENT 'quota',
  KEY idx_due (due_at) COMMENT 'the queue',
  KEY idx_reference (reference) COMMENT 'the answer of a picture check names nothing else'
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- Texts that were stored although WeChat could not check them; the timer checks them again.
CREATE TABLE content_checks (
  user_id  INT UNSIGNED NOT NULL,
  diary_id BIGINT UNSIGNED NOT NULL COMMENT '0: the nickname',
  tries    INT UNSIGNED NOT NULL DEFAULT 0,
  due_at   DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, diary_id),
  KEY idx_due (due_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
