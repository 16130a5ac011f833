-- Calls per minute and action, added up by the instances. source: 'redis' for what they added up together there, or one instance's one
-- report. Kept 14 days (a minute's rows lie together: clean-up and windows are ranges of the key).
CREATE TABLE call_minutes (
  minute DATETIME NOT NULL,
  action VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'function.action',
  source VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  counts JSON NOT NULL COMMENT 'calls, us, mysqlUs, redisUs, slow, waited, code:<code>, le:<ms>',
  PRIMARY KEY (minute, action, source)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- What was wrong, from when to when. Of each rule one incident at most is open. notified_*: when the webhook took the message;
-- claimed_until: a run is sending one.
CREATE TABLE incidents (
  rule               VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  opened_at          DATETIME NOT NULL,
  closed_at          DATETIME NULL,
  detail             VARCHAR(500) NOT NULL,
  notified_opened_at DATETIME NULL,
  notified_closed_at DATETIME NULL,
  claimed_until      DATETIME NULL,
  open_rule          VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin GENERATED ALWAYS AS (IF(closed_at IS NULL, rule, NULL)) STORED,
  PRIMARY KEY (rule, opened_at),
  UNIQUE KEY uk_open_rule (open_rule)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- Accounts whose rows and files are being removed. person_hash, keyed by a secret, is kept only for those who had their migration paid: it
-- tells that this person was paid, and nothing else of them.
CREATE TABLE erasures (
  user_id     INT UNSIGNED NOT NULL PRIMARY KEY,
  person_hash BINARY(32) NULL,
  asked_at    DATETIME(3) NOT NULL,
  finished_at DATETIME(3) NULL,
  KEY idx_unfinished (finished_at, asked_at),
  KEY idx_person_hash (person_hash)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- Files to be removed from storage: of erased accounts, listed before the rows that name them go, and exports once their links have ended.
CREATE TABLE erased_files (
  user_id INT UNSIGNED NOT NULL,
  file_id VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
  due_at  DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, file_id),
  KEY idx_due (due_at)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
