-- Streak and answer once the rows stand. v_day was published, or is so no longer; NULL: neither. A day after all others goes on from what is stored,
-- any other change is counted anew.
  SELECT total_diaries, continuous_days, longest_days, last_diary_date INTO v_total, v_run, v_longest, v_last FROM users WHERE id = p_user_id;
  IF v_recount OR v_day <= v_last THEN
    CALL recount_streak(p_user_id, v_total, v_run, v_longest, v_last);
  ELSEIF v_day IS NOT NULL THEN
    SET v_total = v_total + 1, v_run = IF(v_last = v_day - INTERVAL 1 DAY, v_run + 1, 1), v_longest = GREATEST(v_longest, v_run), v_last = v_day;
  END IF;
  SET v_answer = JSON_SET(p_response, '$.stats.totalDiaries', v_total, '$.stats.longestStreak', v_longest,
    '$.stats.continuousDays', IF(v_last >= p_today - INTERVAL 1 DAY, v_run, 0), '$.stats.lastDiaryDate', CAST(v_last AS CHAR));
