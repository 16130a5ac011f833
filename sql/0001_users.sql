-- openid tells upper from lower case: under a text collation oAAA would sign in as oaaa. NULL once the account is erased.
CREATE TABLE users (
  id              INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  openid          VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
  nickname        VARCHAR(100) NOT NULL DEFAULT '',
  avatar_url      VARCHAR(500) NOT NULL DEFAULT '',
  points          INT NOT NULL DEFAULT 0,
  points_seq      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'seq of the last ledger row',
  total_diaries   INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'published ones',
  total_drafts    INT UNSIGNED NOT NULL DEFAULT 0,
  continuous_days INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'length of the run that ends on last_diary_date',
  longest_days    INT UNSIGNED NOT NULL DEFAULT 0,
  last_diary_date DATE NULL,
  rev             BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'counts every change of what the user owns',
  gc_rev          BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'tombstones up to here may be gone',
  token_epoch     INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'moved by logout and erasure; older tokens are void',
  status          TINYINT UNSIGNED NOT NULL DEFAULT 1 COMMENT '1 alive, 0 erased',
  settings        JSON NOT NULL DEFAULT (JSON_OBJECT('aiEnabled', TRUE)),
  created_at      DATETIME(3) NOT NULL,
  updated_at      DATETIME(3) NOT NULL,
  UNIQUE KEY uk_openid (openid),
  CONSTRAINT users_points_not_negative CHECK (points >= 0)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- What each request id did, so that asking again answers the same. Kept 30 days (idx_created: the clean-up).
CREATE TABLE requests (
  user_id    INT UNSIGNED NOT NULL,
  request_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hash       BINARY(32) NOT NULL COMMENT 'SHA-256 of action and input',
  response   MEDIUMTEXT NULL COMMENT 'JSON',
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, request_id),
  KEY idx_created (created_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
