-- What stands beside an AI comment: when it was made, whether the child likes it, whether the text was rewritten since.
ALTER TABLE diaries
  ADD COLUMN ai_comment_at DATETIME(3) NULL COMMENT 'NULL: no comment, or one brought over without a time' AFTER ai_comment,
  ADD COLUMN ai_liked BOOLEAN NOT NULL DEFAULT FALSE AFTER ai_comment_at,
  ADD COLUMN ai_is_stale BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'the text was rewritten after the comment' AFTER ai_liked;

UPDATE diaries d
  JOIN (SELECT user_id, diary_id, MAX(finished_at) AS made_at FROM ai_jobs
         WHERE kind = 'comment' AND status = 'done' AND diary_id IS NOT NULL GROUP BY user_id, diary_id) AS j
    ON j.user_id = d.user_id AND j.diary_id = d.id
   SET d.ai_comment_at = j.made_at
 WHERE d.ai_comment IS NOT NULL;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW diary_json AS
SELECT user_id, id, diary_date, deleted_at, JSON_OBJECT(
    'id', id, 'diary_date', diary_date, 'content', content, 'mood', mood, 'weather', weather, 'images', images, 'tags', tags,
    'ai_comment', ai_comment, 'ai_comment_at', DATE_FORMAT(ai_comment_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'ai_liked', ai_liked,
    'ai_is_stale', ai_is_stale, 'ai_image', ai_image, 'is_draft', is_draft, 'content_rev', content_rev,
    'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'updated_at', DATE_FORMAT(updated_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS diary
FROM diaries;
