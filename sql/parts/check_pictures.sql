-- Queues each picture of a published diary for WeChat's check. A picture is queued once only. Pictures that failed an earlier check are removed
-- from p_images. When checks are switched off, p_check_status is 'unchecked' and nothing is queued. A diary without pictures costs two comparisons.
  IF p_check_status <> 'unchecked' AND JSON_LENGTH(p_images) > 0 THEN
    INSERT IGNORE INTO picture_checks (user_id, file_hash, file, due_at, created_at)
    SELECT p_user_id, UNHEX(SHA2(shown.file, 256)), shown.file, p_now, p_now
      FROM JSON_TABLE(p_images, '$[*]' COLUMNS (file VARCHAR(500) PATH '$')) AS shown;
    IF EXISTS (SELECT 1 FROM picture_checks WHERE user_id = p_user_id AND status = 'risky') THEN
      SET v_hidden = JSON_LENGTH(p_images), p_images = (
        SELECT COALESCE(JSON_ARRAYAGG(shown.file), JSON_ARRAY())
          FROM JSON_TABLE(p_images, '$[*]' COLUMNS (file VARCHAR(500) PATH '$')) AS shown
         WHERE NOT EXISTS (SELECT 1 FROM picture_checks c
                            WHERE c.user_id = p_user_id AND c.file_hash = UNHEX(SHA2(shown.file, 256)) AND c.status = 'risky'));
      SET v_hidden = v_hidden - JSON_LENGTH(p_images);
    END IF;
  END IF;
