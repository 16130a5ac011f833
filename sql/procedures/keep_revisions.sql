-- Stores texts as revisions inside an open posting. Their ids count up from p_first_id.
CREATE DEFINER = gd_owner PROCEDURE keep_revisions(
  IN p_user_id INT UNSIGNED,
  IN p_first_id BIGINT UNSIGNED,
  IN p_revisions JSON,
  IN p_now DATETIME(3)
)
SQL SECURITY INVOKER
BEGIN
  INSERT INTO diary_revisions (user_id, id, diary_date, reason, content, mood, weather, images, tags, is_draft, hash, is_unread, modified_at, created_at)
  SELECT p_user_id, p_first_id + n - 1, date, reason, content, mood, weather, images, tags, is_draft, hash, is_unread, modified_at, p_now
    FROM JSON_TABLE(p_revisions, '$[*]' COLUMNS (
      n FOR ORDINALITY,
      date DATE PATH '$.date',
      reason VARCHAR(12) PATH '$.reason',
      content TEXT PATH '$.content',
      mood VARCHAR(20) PATH '$.mood',
      weather VARCHAR(20) PATH '$.weather',
      images JSON PATH '$.images',
      tags JSON PATH '$.tags',
      is_draft BOOLEAN PATH '$.isDraft',
      hash CHAR(16) PATH '$.hash',
      is_unread BOOLEAN PATH '$.isUnread',
      modified_at DATETIME(3) PATH '$.modifiedAt'
    )) AS revision;
  UPDATE users SET revision_bytes = revision_bytes + COALESCE((
    SELECT SUM(LENGTH(content) + LENGTH(images) + LENGTH(tags)) FROM diary_revisions WHERE user_id = p_user_id AND id >= p_first_id), 0)
  WHERE id = p_user_id;
END
