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

-- Rows as JSON, for statements that read several kinds in one trip. task_json stands with its table.
CREATE SQL SECURITY INVOKER VIEW diary_json AS
SELECT user_id, id, diary_date, deleted_at, JSON_OBJECT(
    'id', id, 'diary_date', diary_date, 'content', content, 'mood', mood, 'weather', weather, 'images', images, 'tags', tags,
    'ai_comment', ai_comment, 'ai_image', ai_image, 'is_draft', is_draft, 'content_rev', content_rev,
    'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'updated_at', DATE_FORMAT(updated_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS diary
FROM diaries;

CREATE SQL SECURITY INVOKER VIEW record_json AS
SELECT user_id, seq, JSON_OBJECT(
    'seq', seq, 'amount', amount, 'balance_after', balance_after, 'source', source, 'description', description,
    'related_id', related_id, 'related_type', related_type, 'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS record
FROM point_records;

CREATE SQL SECURITY INVOKER VIEW draw_json AS
SELECT user_id, id, JSON_OBJECT(
    'id', id, 'prize_id', prize_id, 'prize_name', prize_name, 'prize_image', prize_image, 'cost_points', cost_points,
    'is_winner', is_winner, 'points_won', points_won, 'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS draw
FROM lottery_records;

CREATE SQL SECURITY INVOKER VIEW profile_json AS
SELECT id AS user_id, JSON_OBJECT(
    'id', id, 'openid', openid, 'nickname', nickname, 'avatar', avatar_url, 'points', points, 'total_diaries', total_diaries,
    'continuous_days', continuous_days, 'longest_days', longest_days, 'last_diary_date', last_diary_date, 'settings', settings,
    'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS profile
FROM users;
