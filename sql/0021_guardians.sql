-- What keeps a child from a guardian's actions on the phone that both use. A PIN stands while pin_hash is set and reset_at is not past.
CREATE TABLE guardian_gates (
  user_id      INT UNSIGNED NOT NULL PRIMARY KEY,
  pin_hash     BINARY(32) NOT NULL COMMENT 'scrypt of the PIN, keyed with the server''s pepper',
  salt         BINARY(16) NOT NULL,
  gate_epoch   INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'guardian tokens of an earlier epoch are void',
  tries        TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'PINs tried since the last right one or the last lock-out',
  lockouts     TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'since the last right PIN; each doubles the next one',
  locked_until DATETIME(3) NULL,
  reset_at     DATETIME(3) NULL COMMENT 'when a forgotten PIN stops counting',
  created_at   DATETIME(3) NOT NULL,
  updated_at   DATETIME(3) NOT NULL
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- What a guardian agreed to, or withdrew. The newest row counts.
CREATE TABLE consents (
  user_id    INT UNSIGNED NOT NULL,
  id         BIGINT UNSIGNED NOT NULL COMMENT 'the rev at which it was given',
  version    VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the text that was shown',
  relation   VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'parent, guardian',
  ai         BOOLEAN NOT NULL,
  pictures   BOOLEAN NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- Other accounts that are guardians of a child, user_id.
CREATE TABLE guardians (
  user_id     INT UNSIGNED NOT NULL,
  guardian_id INT UNSIGNED NOT NULL COMMENT 'an account of users',
  joined_at   DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, guardian_id),
  KEY idx_guardian (guardian_id) COMMENT 'the children of a guardian; erasure'
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- Codes by which another account becomes a guardian; one use each.
CREATE TABLE invitations (
  code_hash  BINARY(32) NOT NULL PRIMARY KEY,
  user_id    INT UNSIGNED NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  KEY idx_user (user_id) COMMENT 'a new code replaces the last one',
  KEY idx_expires (expires_at) COMMENT 'clean-up'
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- What guardians did from accounts of their own, counted by day and action.
CREATE TABLE guardian_log (
  user_id     INT UNSIGNED NOT NULL,
  log_date    DATE NOT NULL,
  guardian_id INT UNSIGNED NOT NULL,
  action      VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'function.action',
  times       INT UNSIGNED NOT NULL DEFAULT 1,
  last_at     DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, log_date, guardian_id, action)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
