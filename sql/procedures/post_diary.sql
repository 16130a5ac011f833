-- Writes one diary as the function decided: a new day, a change, a draft continued, a deletion, or a move to another date.
-- The decision was based on p_base_rev. When the user's data have changed since, the answer is MOVED and the function decides again.
-- p_id NULL: inserts a row, or revives the tombstone of that date, under a new id. p_old_date: the date before a move; it becomes a tombstone.
-- p_kept_hash: content hash of the earlier state, stored as a revision of p_kept_bytes; NULL when the change loses nothing.
-- p_restored_id: the revision whose text is restored; it leaves the trash.
-- p_day: the day that becomes published or stops being so; the earlier of the two for a move; NULL when neither happens.
-- p_is_comment_stale: the AI comment is about an earlier text than p_content.
-- p_reward > 0 pays for the date, once only (the ledger's source_key). p_is_rejected: the text failed the content check.
CREATE DEFINER = gd_owner PROCEDURE post_diary(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_base_rev BIGINT UNSIGNED,
  IN p_id BIGINT UNSIGNED /* NULL */,
  IN p_date DATE,
  IN p_old_date DATE /* NULL */,
  IN p_content TEXT CHARACTER SET utf8mb4,
  IN p_mood VARCHAR(20) CHARACTER SET utf8mb4,
  IN p_weather VARCHAR(20) CHARACTER SET utf8mb4,
  IN p_images JSON,
  IN p_tags JSON,
  IN p_is_draft BOOLEAN,
  IN p_check_status VARCHAR(10) CHARACTER SET ascii,
  IN p_is_deleted BOOLEAN,
  IN p_is_comment_stale BOOLEAN,
  IN p_modified_at DATETIME(3),
  IN p_client VARCHAR(40) CHARACTER SET ascii /* NULL */,
  IN p_mutation INT UNSIGNED /* NULL */,
  IN p_total_drafts INT UNSIGNED,
  IN p_day DATE /* NULL */,
  IN p_kept_hash CHAR(16) CHARACTER SET ascii /* NULL */,
  IN p_kept_reason VARCHAR(12) CHARACTER SET ascii /* NULL */,
  IN p_kept_is_unread BOOLEAN,
  IN p_kept_bytes INT UNSIGNED,
  IN p_restored_id BIGINT UNSIGNED /* NULL */,
  IN p_reward INT,
  IN p_is_rejected BOOLEAN,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_day DATE DEFAULT p_day;
  DECLARE v_recount BOOLEAN DEFAULT FALSE;
  DECLARE v_hidden TINYINT UNSIGNED DEFAULT 0;
  -- include open_posting

  IF v_rev <> p_base_rev THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MOVED'; END IF;
  SET v_rev = v_rev + 1;
  -- include check_pictures
  IF p_kept_hash IS NOT NULL THEN
    INSERT INTO diary_revisions (user_id, id, diary_id, diary_date, reason, content, mood, weather, images, tags, is_draft, hash, is_unread, modified_at, created_at)
    SELECT user_id, v_rev, id, diary_date, p_kept_reason, content, mood, weather, images, tags, is_draft, p_kept_hash, p_kept_is_unread, modified_at, p_now
      FROM diaries WHERE user_id = p_user_id AND id = p_id;
  END IF;
  IF p_restored_id IS NOT NULL THEN
    UPDATE diary_revisions SET reason = 'overwritten' WHERE user_id = p_user_id AND id = p_restored_id AND reason = 'deleted';
  END IF;

  IF p_id IS NULL THEN
    INSERT INTO diaries (user_id, id, diary_date, content, mood, weather, images, hidden_images, tags, is_draft, check_status, rev, content_rev, modified_at,
      last_client, last_mutation, created_at, updated_at)
    VALUES (p_user_id, v_rev, p_date, p_content, p_mood, p_weather, p_images, v_hidden, p_tags, p_is_draft, p_check_status, v_rev, v_rev, p_modified_at,
      p_client, p_mutation, p_now, p_now) AS new
    ON DUPLICATE KEY UPDATE id = new.id, content = new.content, mood = new.mood, weather = new.weather, images = new.images, hidden_images = new.hidden_images, tags = new.tags,
      is_draft = new.is_draft, check_status = new.check_status, rev = new.rev, content_rev = new.content_rev, modified_at = new.modified_at, last_client = new.last_client,
      last_mutation = new.last_mutation, created_at = new.created_at, updated_at = new.updated_at, deleted_at = NULL, ai_comment = NULL, ai_comment_at = NULL,
      ai_liked = FALSE, ai_is_stale = FALSE, ai_image = NULL;
  ELSE
    IF p_old_date IS NOT NULL THEN
      DELETE FROM diaries WHERE user_id = p_user_id AND diary_date = p_date AND deleted_at IS NOT NULL;
    END IF;
    UPDATE diaries SET diary_date = p_date, content = p_content, mood = p_mood, weather = p_weather, images = p_images, hidden_images = v_hidden, tags = p_tags,
      is_draft = p_is_draft, check_status = p_check_status, rev = v_rev, content_rev = v_rev, modified_at = p_modified_at, last_client = p_client, last_mutation = p_mutation,
      ai_comment = IF(p_is_deleted, NULL, ai_comment), ai_comment_at = IF(p_is_deleted, NULL, ai_comment_at),
      ai_liked = ai_liked AND NOT p_is_deleted, ai_is_stale = p_is_comment_stale, ai_image = IF(p_is_deleted, NULL, ai_image),
      deleted_at = IF(p_is_deleted, p_now, NULL), updated_at = p_now
    WHERE user_id = p_user_id AND id = p_id;
    IF p_old_date IS NOT NULL THEN
      INSERT INTO diaries (user_id, id, diary_date, content, images, tags, rev, content_rev, modified_at, deleted_at, created_at, updated_at)
      VALUES (p_user_id, v_rev, p_old_date, '', JSON_ARRAY(), JSON_ARRAY(), v_rev, v_rev, p_modified_at, p_now, p_now, p_now);
    END IF;
  END IF;

  IF p_check_status = 'pending' THEN
    INSERT INTO content_checks (user_id, diary_id, due_at) VALUES (p_user_id, COALESCE(p_id, v_rev), p_now + INTERVAL 1 MINUTE) AS new
    ON DUPLICATE KEY UPDATE due_at = new.due_at, tries = 0, priority = 0, worker = NULL;
  END IF;
  IF p_reward > 0 THEN
    SET v_amount = p_reward;
    -- include move_points
    INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, description, related_id, related_type, actor, rev, created_at)
    VALUES (p_user_id, v_seq, v_amount, v_points, '写日记', CONCAT('diary:', p_date), CONCAT(p_date, ' 的日记'), COALESCE(p_id, v_rev), 'diary', NULL, v_rev, p_now);
  END IF;
  -- include count_streak
  UPDATE users SET rev = v_rev, points = v_points, points_seq = v_seq, total_diaries = v_total, total_drafts = p_total_drafts,
    continuous_days = v_run, longest_days = v_longest, last_diary_date = v_last, revision_bytes = revision_bytes + p_kept_bytes, updated_at = p_now
  WHERE id = p_user_id;
  SET v_receipt = JSON_OBJECT('id', COALESCE(p_id, v_rev), 'version', v_rev, 'reward', p_reward, 'balance', v_points, 'isRejected', p_is_rejected IS TRUE);
  -- include store_receipt
  SELECT JSON_SET(v_receipt, '$.total', v_total, '$.run', v_run, '$.longest', v_longest, '$.last', v_last) AS response;
END
