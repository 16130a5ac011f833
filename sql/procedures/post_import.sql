-- Imports one chunk of a phone's data as the function decided it on p_base_rev. When the user's data have changed since, the answer is MOVED and
-- the function decides again. Every row gets a rev of its own. An import pays nothing: completed tasks have 0 awarded, draws no prize id or roll.
-- A replay finds its items in imports, so that no receipt is needed.
-- p_days: new diaries; p_revisions: texts to keep beside them; p_items: keys of the imported items, stored in imports.
-- `rule` of an item: the ordinal of the rule that a template became. A done task of today whose row exists is completed there, for 0 points, unless
-- it is completed already. p_hidden: system templates that a template of the child replaces. p_wheel: prizes that wait for a guardian, and the cost
-- of a draw; NULL: none.
CREATE DEFINER = gd_owner PROCEDURE post_import(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_base_rev BIGINT UNSIGNED,
  IN p_days JSON,
  IN p_revisions JSON,
  IN p_tasks JSON,
  IN p_rules JSON,
  IN p_draws JSON,
  IN p_moods JSON,
  IN p_hidden JSON,
  IN p_wheel JSON /* NULL */,
  IN p_today DATE,
  IN p_items JSON,
  IN p_total_drafts INT UNSIGNED,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_day DATE;
  DECLARE v_before_rules BIGINT UNSIGNED;
  DECLARE v_recount BOOLEAN DEFAULT JSON_LENGTH(p_days) > 0;
  -- include posting_variables
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  -- include lock_user

  IF v_rev <> p_base_rev THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MOVED'; END IF;

  INSERT INTO diaries (user_id, id, diary_date, content, mood, weather, images, tags, ai_comment, ai_comment_at, ai_liked, is_draft, check_status, rev,
    content_rev, modified_at, created_at, updated_at)
  SELECT p_user_id, v_rev + n, date, content, mood, weather, images, tags, ai_comment, ai_comment_at, ai_liked, is_draft, check_status, v_rev + n,
         v_rev + n, modified_at, first_written_at, modified_at
    FROM JSON_TABLE(p_days, '$[*]' COLUMNS (
      n FOR ORDINALITY, date DATE PATH '$.date', content TEXT PATH '$.content', mood VARCHAR(20) PATH '$.mood',
      weather VARCHAR(20) PATH '$.weather', images JSON PATH '$.images', tags JSON PATH '$.tags', ai_comment TEXT PATH '$.aiComment',
      ai_comment_at DATETIME(3) PATH '$.aiCommentAt', ai_liked BOOLEAN PATH '$.aiLiked', is_draft BOOLEAN PATH '$.isDraft',
      check_status VARCHAR(10) PATH '$.checkStatus', modified_at DATETIME(3) PATH '$.modifiedAt', first_written_at DATETIME(3) PATH '$.createdAt'
    )) AS day;
  INSERT INTO content_checks (user_id, diary_id, priority, due_at)
  SELECT user_id, id, 1, p_now FROM diaries WHERE user_id = p_user_id AND id > v_rev AND check_status = 'pending';
  SET v_rev = v_rev + JSON_LENGTH(p_days);

  CALL keep_revisions(p_user_id, v_rev + 1, p_revisions, p_now);
  SET v_rev = v_rev + JSON_LENGTH(p_revisions);

  UPDATE tasks t JOIN JSON_TABLE(p_hidden, '$[*]' COLUMNS (id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS hidden
      ON t.task_key = CONCAT('sys:', hidden.id)
     SET t.deleted_at = p_now, t.task_key = CONCAT('own:', t.id), t.rev = v_rev + 1, t.updated_at = p_now
   WHERE t.user_id = p_user_id AND t.task_date >= p_today AND NOT t.is_completed AND t.completed_at IS NULL AND t.deleted_at IS NULL;
  INSERT IGNORE INTO hidden_templates (user_id, template_id)
  SELECT p_user_id, id FROM JSON_TABLE(p_hidden, '$[*]' COLUMNS (id VARCHAR(32) CHARACTER SET ascii PATH '$')) AS hidden;
  SET v_rev = v_rev + IF(JSON_LENGTH(p_hidden) > 0, 1, 0);

  INSERT INTO tasks (user_id, id, task_date, task_key, rule_id, title, description, category, points_reward, is_system, weekdays, is_weekly, remind_at,
    is_completed, completed_at, completions, rev, created_at, updated_at)
  SELECT p_user_id, v_rev + n, task.date, task.task_key, task.rule_id, COALESCE(r.title, task.title), COALESCE(r.description, task.description),
         COALESCE(r.category, task.category), task.points_reward, task.is_system, r.weekdays, COALESCE(r.is_weekly, FALSE),
         COALESCE(r.remind_at, task.remind_at), task.completed_at IS NOT NULL, task.completed_at, task.completed_at IS NOT NULL, v_rev + n, p_now, p_now
    FROM JSON_TABLE(p_tasks, '$[*]' COLUMNS (
      n FOR ORDINALITY, date DATE PATH '$.date', task_key VARCHAR(40) CHARACTER SET ascii PATH '$.key', rule_id BIGINT UNSIGNED PATH '$.ruleId',
      title VARCHAR(200) CHARACTER SET utf8mb4 PATH '$.title', description VARCHAR(2000) CHARACTER SET utf8mb4 PATH '$.description',
      category VARCHAR(50) CHARACTER SET utf8mb4 PATH '$.category', points_reward INT UNSIGNED PATH '$.pointsReward',
      is_system BOOLEAN PATH '$.isSystem', remind_at CHAR(5) CHARACTER SET ascii PATH '$.remindAt', completed_at DATETIME(3) PATH '$.completedAt'
    )) AS task LEFT JOIN task_rules r ON r.user_id = p_user_id AND r.id = task.rule_id
  ON DUPLICATE KEY UPDATE points_reward = IF(tasks.completed_at IS NULL, 0, tasks.points_reward),
    completions = tasks.completions + (tasks.completed_at IS NULL), is_completed = tasks.is_completed OR tasks.completed_at IS NULL,
    completed_at = COALESCE(tasks.completed_at, p_now), rev = VALUES(rev), updated_at = p_now;
  SET v_rev = v_rev + JSON_LENGTH(p_tasks);

  SET v_before_rules = v_rev;
  INSERT INTO task_rules (user_id, id, title, description, category, points_reward, weekdays, is_weekly, start_date, remind_at, created_at)
  SELECT p_user_id, v_rev + n, title, description, category, points_reward, weekdays, is_weekly, start_date, remind_at, p_now
    FROM JSON_TABLE(p_rules, '$[*]' COLUMNS (
      n FOR ORDINALITY, title VARCHAR(200) PATH '$.title', description VARCHAR(2000) PATH '$.description', category VARCHAR(50) PATH '$.category',
      points_reward INT UNSIGNED PATH '$.pointsReward', weekdays TINYINT UNSIGNED PATH '$.weekdays', is_weekly BOOLEAN PATH '$.isWeekly',
      start_date DATE PATH '$.startDate', remind_at CHAR(5) PATH '$.remindAt'
    )) AS rule;
  SET v_rev = v_rev + JSON_LENGTH(p_rules);

  INSERT INTO lottery_records (user_id, id, prize_name, prize_image, prize_emoji, prize_description, cost_points, is_winner, rev, created_at)
  SELECT p_user_id, v_rev + n, prize_name, prize_image, prize_emoji, prize_description, 0, TRUE, v_rev + n, drawn_at
    FROM JSON_TABLE(p_draws, '$[*]' COLUMNS (
      n FOR ORDINALITY, prize_name VARCHAR(200) PATH '$.prizeName', prize_image VARCHAR(500) PATH '$.prizeImage',
      prize_emoji VARCHAR(32) CHARACTER SET utf8mb4 PATH '$.prizeEmoji', prize_description VARCHAR(2000) CHARACTER SET utf8mb4 PATH '$.prizeDescription',
      drawn_at DATETIME(3) PATH '$.drawnAt'
    )) AS draw;
  SET v_rev = v_rev + JSON_LENGTH(p_draws);

  INSERT INTO moods (user_id, mood_date, mood, rev, created_at, updated_at)
  SELECT p_user_id, date, mood, v_rev + n, p_now, p_now
    FROM JSON_TABLE(p_moods, '$[*]' COLUMNS (
      n FOR ORDINALITY, date DATE PATH '$.date', mood VARCHAR(20) CHARACTER SET utf8mb4 PATH '$.mood'
    )) AS mood;
  SET v_rev = v_rev + JSON_LENGTH(p_moods);

  IF p_wheel IS NOT NULL THEN
    INSERT INTO family_wheels (user_id, imported_cost, last_prize_id, updated_at)
    VALUES (p_user_id, JSON_VALUE(p_wheel, '$.cost' RETURNING UNSIGNED), JSON_LENGTH(p_wheel, '$.prizes'), p_now) AS new
    ON DUPLICATE KEY UPDATE imported_cost = new.imported_cost, last_prize_id = GREATEST(family_wheels.last_prize_id, new.last_prize_id);
    INSERT INTO family_prizes (user_id, position, id, name, description, emoji, image_url, kind, weight)
    SELECT p_user_id, n, n, name, description, emoji, image_url, 'physical', weight
      FROM JSON_TABLE(p_wheel, '$.prizes[*]' COLUMNS (
        n FOR ORDINALITY, name VARCHAR(50) CHARACTER SET utf8mb4 PATH '$.name', description VARCHAR(200) CHARACTER SET utf8mb4 PATH '$.description',
        emoji VARCHAR(32) CHARACTER SET utf8mb4 PATH '$.emoji', image_url VARCHAR(500) CHARACTER SET utf8mb4 PATH '$.image',
        weight TINYINT UNSIGNED PATH '$.weight'
      )) AS prize;
  END IF;

  INSERT INTO imports (user_id, item_key, points, item_date, target_id, created_at)
  SELECT p_user_id, item_key, points, item_date, v_before_rules + rule_number, p_now
    FROM JSON_TABLE(p_items, '$[*]' COLUMNS (
      item_key VARCHAR(40) CHARACTER SET ascii PATH '$.key', points INT UNSIGNED PATH '$.points', item_date DATE PATH '$.date',
      rule_number INT UNSIGNED PATH '$.rule'
    )) AS item
  ON DUPLICATE KEY UPDATE target_id = COALESCE(VALUES(target_id), imports.target_id);

  -- include count_streak
  UPDATE users SET rev = v_rev, points = v_points, points_seq = v_seq, total_diaries = v_total, total_drafts = p_total_drafts,
    continuous_days = v_run, longest_days = v_longest, last_diary_date = v_last, updated_at = p_now
  WHERE id = p_user_id;
  COMMIT;
  SELECT JSON_OBJECT('total', v_total, 'run', v_run, 'longest', v_longest, 'last', v_last) AS response;
END
