-- How a family's wheel differs from the system's. No row: it does not.
CREATE TABLE family_wheels (
  user_id        INT UNSIGNED NOT NULL PRIMARY KEY,
  version        INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'of settings and list; a guardian''s change names the one it is based on',
  odds_version   INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'of what is picked from; also moves when the last piece of a prize is won',
  has_own_prizes BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'FALSE: the system''s are drawn, and the list waits',
  cost           INT UNSIGNED NULL COMMENT 'NULL: the system''s',
  daily_limit    SMALLINT UNSIGNED NULL COMMENT 'draws a day; NULL: the system''s',
  blank_weight   SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'share of not winning',
  last_prize_id  INT UNSIGNED NOT NULL DEFAULT 0,
  updated_at     DATETIME(3) NOT NULL
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE family_prizes (
  user_id     INT UNSIGNED NOT NULL,
  id          INT UNSIGNED NOT NULL,
  position    TINYINT UNSIGNED NOT NULL,
  name        VARCHAR(50) NOT NULL,
  description VARCHAR(200) NOT NULL DEFAULT '',
  emoji       VARCHAR(32) NOT NULL DEFAULT '',
  image_url   VARCHAR(500) NOT NULL DEFAULT '',
  kind        VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'physical, virtual, badge',
  points      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'credited to the winner of a virtual one',
  weight      TINYINT UNSIGNED NOT NULL,
  stock       INT NOT NULL DEFAULT -1 COMMENT '-1 unlimited',
  is_active   BOOLEAN NOT NULL DEFAULT TRUE,
  PRIMARY KEY (user_id, id),
  CONSTRAINT family_prizes_stock CHECK (stock >= -1)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- Physical prizes that were won: handed over, or open. rev is that of the last change here, NULL while only the draw itself changed.
CREATE TABLE won_prizes (
  user_id  INT UNSIGNED NOT NULL,
  draw_id  BIGINT UNSIGNED NOT NULL,
  given_at DATETIME(3) NULL,
  rev      BIGINT UNSIGNED NULL,
  PRIMARY KEY (user_id, draw_id),
  KEY idx_user_open (user_id, given_at) COMMENT 'start page',
  KEY idx_user_rev (user_id, rev) COMMENT 'change feed'
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

ALTER TABLE lottery_prizes
  ADD COLUMN emoji VARCHAR(32) NOT NULL DEFAULT '',
  ADD COLUMN kind VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'badge' COMMENT 'physical, virtual, badge';

UPDATE lottery_prizes SET emoji = '🌸' WHERE name = '小红花';
UPDATE lottery_prizes SET emoji = '⭐' WHERE name = '小星星';
UPDATE lottery_prizes SET emoji = '🌈' WHERE name = '彩虹贴纸';
UPDATE lottery_prizes SET emoji = '🏅' WHERE name = '小徽章';
UPDATE lottery_prizes SET emoji = '🎁' WHERE name = '神秘礼物';

-- The prize as it was when it was won. is_family: prize_id is one of family_prizes.
ALTER TABLE lottery_records
  ADD COLUMN prize_emoji VARCHAR(32) NOT NULL DEFAULT '',
  ADD COLUMN prize_description VARCHAR(2000) NOT NULL DEFAULT '',
  ADD COLUMN prize_kind VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'badge',
  ADD COLUMN is_family BOOLEAN NOT NULL DEFAULT FALSE;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW draw_json AS
SELECT d.user_id, d.id, JSON_OBJECT(
    'id', d.id, 'prize_id', d.prize_id, 'prize_name', d.prize_name, 'prize_image', d.prize_image, 'prize_emoji', d.prize_emoji,
    'prize_description', d.prize_description, 'prize_kind', d.prize_kind, 'cost_points', d.cost_points, 'is_winner', d.is_winner,
    'points_won', d.points_won, 'is_given', IF(w.draw_id IS NULL, NULL, w.given_at IS NOT NULL),
    'created_at', DATE_FORMAT(d.created_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS draw
FROM lottery_records d LEFT JOIN won_prizes w ON w.user_id = d.user_id AND w.draw_id = d.id;
