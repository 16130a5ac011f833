-- A diary comes with the mood of its day, which is recorded apart from it. Joined, because MySQL reads all diaries for a view with a subquery.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW diary_json AS
SELECT d.user_id, d.id, d.diary_date, d.deleted_at, JSON_OBJECT(
    'id', d.id, 'diary_date', d.diary_date, 'content', d.content, 'mood', d.mood, 'mood_of_day', m.mood, 'weather', d.weather,
    'images', d.images, 'hidden_images', d.hidden_images, 'tags', d.tags,
    'ai_comment', d.ai_comment, 'ai_comment_at', DATE_FORMAT(d.ai_comment_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'ai_liked', d.ai_liked,
    'ai_is_stale', d.ai_is_stale, 'ai_image', d.ai_image, 'is_draft', d.is_draft, 'content_rev', d.content_rev,
    'created_at', DATE_FORMAT(d.created_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'updated_at', DATE_FORMAT(d.updated_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS diary
FROM diaries d LEFT JOIN moods m ON m.user_id = d.user_id AND m.mood_date = d.diary_date;
