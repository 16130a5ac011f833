-- Imports one chunk of a phone's data as the function decided it on p_base_rev. When the user's data have changed since, the answer is MOVED and
-- the function decides again. Every row gets a rev of its own. An import pays nothing: completed tasks have 0 awarded, draws no prize id or roll.
-- A replay finds its items in imports, so that no receipt is needed.
-- p_days: new diaries; p_revisions: texts to keep beside them; p_items: keys of the imported items, stored in imports.
CREATE DEFINER = gd_owner PROCEDURE post_import(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_base_rev BIGINT UNSIGNED,
  IN p_days JSON,
  IN p_revisions JSON,
  IN p_tasks JSON,
  IN p_rules JSON,
  IN p_draws JSON,
  IN p_items JSON,
  IN p_total_drafts INT UNSIGNED,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_total, v_run, v_longest INT UNSIGNED;
  DECLARE v_day, v_last DATE;
  DECLARE v_recount BOOLEAN DEFAULT JSON_LENGTH(p_days) > 0;
  -- include posting_variables
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  -- include lock_user

  IF v_rev <> p_base_rev THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MOVED'; END IF;

  INSERT INTO diaries (user_id, id, diary_date, content, mood, weather, images, tags, ai_comment, is_draft, check_status, rev, content_rev, modified_at,
    created_at, updated_at)
  SELECT p_user_id, v_rev + n, date, content, mood, weather, images, tags, ai_comment, is_draft, check_status, v_rev + n, v_rev + n, modified_at, p_now, p_now
    FROM JSON_TABLE(p_days, '$[*]' COLUMNS (
      n FOR ORDINALITY, date DATE PATH '$.date', content TEXT PATH '$.content', mood VARCHAR(20) PATH '$.mood',
      weather VARCHAR(20) PATH '$.weather', images JSON PATH '$.images', tags JSON PATH '$.tags', ai_comment TEXT PATH '$.aiComment', is_draft BOOLEAN PATH '$.isDraft',
      check_status VARCHAR(10) PATH '$.checkStatus', modified_at DATETIME(3) PATH '$.modifiedAt'
    )) AS day;
  INSERT INTO content_checks (user_id, diary_id, priority, due_at)
  SELECT user_id, id, 1, p_now FROM diaries WHERE user_id = p_user_id AND id > v_rev AND check_status = 'pending';
  SET v_rev = v_rev + JSON_LENGTH(p_days);

  CALL keep_revisions(p_user_id, v_rev + 1, p_revisions, p_now);
  SET v_rev = v_rev + JSON_LENGTH(p_revisions);

  INSERT INTO tasks (user_id, id, task_date, task_key, title, description, category, points_reward, is_completed, completed_at, completions, rev,
    created_at, updated_at)
  SELECT p_user_id, v_rev + n, date, task_key, title, description, category, 0, TRUE, completed_at, 1, v_rev + n, p_now, p_now
    FROM JSON_TABLE(p_tasks, '$[*]' COLUMNS (
      n FOR ORDINALITY, date DATE PATH '$.date', task_key VARCHAR(40) PATH '$.key', title VARCHAR(200) PATH '$.title',
      description VARCHAR(2000) PATH '$.description', category VARCHAR(50) PATH '$.category', completed_at DATETIME(3) PATH '$.completedAt'
    )) AS task;
  SET v_rev = v_rev + JSON_LENGTH(p_tasks);

  INSERT INTO task_rules (user_id, id, title, description, category, points_reward, weekdays, is_weekly, start_date, created_at)
  SELECT p_user_id, v_rev + n, title, description, category, points_reward, weekdays, is_weekly, start_date, p_now
    FROM JSON_TABLE(p_rules, '$[*]' COLUMNS (
      n FOR ORDINALITY, title VARCHAR(200) PATH '$.title', description VARCHAR(2000) PATH '$.description', category VARCHAR(50) PATH '$.category',
      points_reward INT UNSIGNED PATH '$.pointsReward', weekdays TINYINT UNSIGNED PATH '$.weekdays', is_weekly BOOLEAN PATH '$.isWeekly',
      start_date DATE PATH '$.startDate'
    )) AS rule;
  SET v_rev = v_rev + JSON_LENGTH(p_rules);

  INSERT INTO lottery_records (user_id, id, prize_name, prize_image, cost_points, is_winner, rev, created_at)
  SELECT p_user_id, v_rev + n, prize_name, prize_image, 0, TRUE, v_rev + n, drawn_at
    FROM JSON_TABLE(p_draws, '$[*]' COLUMNS (
      n FOR ORDINALITY, prize_name VARCHAR(200) PATH '$.prizeName', prize_image VARCHAR(500) PATH '$.prizeImage', drawn_at DATETIME(3) PATH '$.drawnAt'
    )) AS draw;
  SET v_rev = v_rev + JSON_LENGTH(p_draws);

  INSERT INTO imports (user_id, item_key, points, created_at)
  SELECT p_user_id, item_key, points, p_now
    FROM JSON_TABLE(p_items, '$[*]' COLUMNS (item_key VARCHAR(40) PATH '$.key', points INT UNSIGNED PATH '$.points')) AS item;

  -- include count_streak
  UPDATE users SET rev = v_rev, points = v_points, points_seq = v_seq, total_diaries = v_total, total_drafts = p_total_drafts,
    continuous_days = v_run, longest_days = v_longest, last_diary_date = v_last, updated_at = p_now
  WHERE id = p_user_id;
  COMMIT;
  SELECT JSON_OBJECT('total', v_total, 'run', v_run, 'longest', v_longest, 'last', v_last) AS response;
END
