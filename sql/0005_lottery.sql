CREATE TABLE lottery_prizes (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name        VARCHAR(200) NOT NULL,
  description VARCHAR(2000) NOT NULL DEFAULT '',
  image_url   VARCHAR(500) NOT NULL DEFAULT '',
  probability DECIMAL(5,4) NOT NULL,
  stock       INT NOT NULL DEFAULT -1 COMMENT '-1 unlimited',
  issued      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'taken from stock',
  points      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'credited to the winner',
  is_active   BOOLEAN NOT NULL DEFAULT TRUE,
  created_at  DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at  DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  CONSTRAINT lottery_prizes_probability CHECK (probability BETWEEN 0 AND 1),
  CONSTRAINT lottery_prizes_stock CHECK (stock >= -1)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

INSERT INTO lottery_prizes (name, description, probability, stock) VALUES
  ('小红花', '表扬奖励', 0.3, -1),
  ('小星星', '鼓励奖励', 0.25, -1),
  ('彩虹贴纸', '漂亮贴纸', 0.2, -1),
  ('小徽章', '成就徽章', 0.15, -1),
  ('神秘礼物', '特殊奖励', 0.1, -1);

-- Changes whenever a pick might: odds, what is out of stock, and what a winner is given and shown. Stock that merely shrinks changes nothing.
CREATE SQL SECURITY INVOKER VIEW lottery_fingerprint AS
SELECT LEFT(BIT_XOR(UNHEX(SHA2(CONCAT_WS('\n', id, name, image_url, probability, points, is_active, stock = 0), 256))), 32) AS fingerprint FROM lottery_prizes;

-- Each draw with the prize as it was called then, so that an edited or deleted prize keeps its name in old records.
CREATE TABLE lottery_records (
  user_id     INT UNSIGNED NOT NULL,
  id          BIGINT UNSIGNED NOT NULL,
  prize_id    INT UNSIGNED NULL COMMENT 'NULL: not won',
  prize_name  VARCHAR(200) NOT NULL DEFAULT '',
  prize_image VARCHAR(500) NOT NULL DEFAULT '',
  cost_points INT UNSIGNED NOT NULL,
  is_winner   BOOLEAN NOT NULL DEFAULT FALSE,
  points_won  INT UNSIGNED NOT NULL DEFAULT 0,
  took_stock  BOOLEAN NOT NULL DEFAULT FALSE,
  roll        SMALLINT UNSIGNED NULL COMMENT '0-9999; NULL for history brought over from a phone',
  rev         BIGINT UNSIGNED NOT NULL,
  created_at  DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, id),
  KEY idx_user_rev (user_id, rev) COMMENT 'change feed'
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
