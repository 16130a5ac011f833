-- Part of every cursor. Whoever restores the database from a backup adds one, so that phones which have seen more read everything anew.
CREATE TABLE sync_epoch (
  epoch INT UNSIGNED NOT NULL PRIMARY KEY
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

INSERT INTO sync_epoch (epoch) VALUES (1);

-- Texts that stand nowhere else: those that lost a conflict, were overwritten in one, or were kept back or joined when a phone was brought over.
CREATE TABLE diary_revisions (
  user_id       INT UNSIGNED NOT NULL,
  id            BIGINT UNSIGNED NOT NULL COMMENT 'the rev at which it was kept',
  diary_date    DATE NOT NULL,
  reason        VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'lost, overwritten, kept-server or joined',
  content       TEXT NOT NULL,
  mood          VARCHAR(20) NOT NULL,
  weather       VARCHAR(20) NOT NULL,
  images        JSON NOT NULL,
  tags          JSON NOT NULL,
  is_draft      BOOLEAN NOT NULL,
  hash          CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'content-hash.ts',
  is_unread     BOOLEAN NOT NULL COMMENT 'a conflict the user has not been shown',
  modified_at   DATETIME(3) NOT NULL,
  created_at    DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, id),
  KEY idx_user_date (user_id, diary_date, hash) COMMENT 'import and verify ask whether a text stands',
  KEY idx_user_unread (user_id, is_unread) COMMENT 'start page'
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- How often a mutation has failed without a reason of its own; the third time it is refused for good.
CREATE TABLE sync_failures (
  user_id    INT UNSIGNED NOT NULL,
  request_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  failures   TINYINT UNSIGNED NOT NULL,
  failed_at  DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, request_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- What has been brought over from phones: nothing twice, and what the grant of points rests on.
CREATE TABLE imports (
  user_id    INT UNSIGNED NOT NULL,
  item_key   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'start, day:<date>, draft:<date>, task:, rule: or draw:<hash>',
  points     INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'start: the balance before; task: what the phone paid for it',
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, item_key)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
