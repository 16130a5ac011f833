-- Total and streak once the rows are written. v_day was published, or is no longer published; NULL: neither. A day after all others continues
-- what is stored; any other change is counted again. What the numbers mean says shared/diary/streak.ts; one property test runs both.
  SELECT total_diaries, continuous_days, longest_days, last_diary_date INTO v_total, v_run, v_longest, v_last FROM users WHERE id = p_user_id;
  IF v_recount OR v_day <= v_last THEN
    CALL recount_streak(p_user_id, v_total, v_run, v_longest, v_last);
  ELSEIF v_day IS NOT NULL THEN
    SET v_total = v_total + 1, v_run = IF(v_last = v_day - INTERVAL 1 DAY, v_run + 1, 1), v_longest = GREATEST(v_longest, v_run), v_last = v_day;
  END IF;
