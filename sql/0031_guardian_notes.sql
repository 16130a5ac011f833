-- What a guardian should know, without a word of what the child wrote: at most one of a kind each Beijing day.
CREATE TABLE guardian_notes (
  user_id    INT UNSIGNED NOT NULL,
  id         BIGINT UNSIGNED NOT NULL COMMENT 'the rev at which it was made',
  kind       VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'self-harm',
  note_date  DATE NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, id),
  UNIQUE KEY uk_user_kind_day (user_id, kind, note_date)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
