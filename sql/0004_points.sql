-- The ledger: append-only; every row carries its signed amount and the balance after it.
CREATE TABLE point_records (
  user_id       INT UNSIGNED NOT NULL,
  seq           INT UNSIGNED NOT NULL COMMENT '1, 2, 3 … per user; the API calls it id',
  amount        INT NOT NULL,
  balance_after INT NOT NULL,
  source        VARCHAR(100) NOT NULL,
  source_key    VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what paid or was paid: nothing pays twice',
  description   VARCHAR(500) NOT NULL DEFAULT '',
  related_id    BIGINT UNSIGNED NULL,
  related_type  VARCHAR(50) NULL,
  actor         VARCHAR(100) NULL COMMENT 'the operator who did it; NULL for the user and the rules',
  rev           BIGINT UNSIGNED NOT NULL,
  created_at    DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, seq),
  UNIQUE KEY uk_user_source (user_id, source_key),
  KEY idx_user_rev (user_id, rev) COMMENT 'change feed',
  CONSTRAINT point_records_amount_moves CHECK (amount <> 0),
  CONSTRAINT point_records_balance_not_negative CHECK (balance_after >= 0)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
