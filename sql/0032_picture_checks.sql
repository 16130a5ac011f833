-- People's own pictures (of published diaries, avatars) and WeChat's check of them. Their owner sees them at once, others only when passed.
CREATE TABLE picture_checks (
  user_id    INT UNSIGNED NOT NULL,
  file_hash  BINARY(32) NOT NULL COMMENT 'SHA-256 of file',
  file       VARCHAR(500) NOT NULL COMMENT 'file ID or https link',
  status     VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'waiting' COMMENT 'waiting, passed, risky',
  trace_id   VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of the check that was handed in last',
  tries      INT UNSIGNED NOT NULL DEFAULT 0,
  due_at     DATETIME(3) NULL COMMENT 'when to hand it in (again); NULL once decided',
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, file_hash),
  KEY idx_due (due_at) COMMENT 'the queue',
  KEY idx_trace (trace_id) COMMENT 'the answer of a check names nothing else'
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

ALTER TABLE diaries
  ADD COLUMN hidden_images TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'pictures that did not pass, taken out of images since the last write' AFTER images;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW diary_json AS
SELECT user_id, id, diary_date, deleted_at, JSON_OBJECT(
    'id', id, 'diary_date', diary_date, 'content', content, 'mood', mood, 'weather', weather, 'images', images,
    'hidden_images', hidden_images, 'tags', tags,
    'ai_comment', ai_comment, 'ai_comment_at', DATE_FORMAT(ai_comment_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'ai_liked', ai_liked,
    'ai_is_stale', ai_is_stale, 'ai_image', ai_image, 'is_draft', is_draft, 'content_rev', content_rev,
    'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'updated_at', DATE_FORMAT(updated_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS diary
FROM diaries;
