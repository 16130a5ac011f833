-- Updates the total and the streak after the rows are written. v_day is the day that was published or withdrawn; NULL when there is none.
-- A day later than all others extends the stored streak; any other change recounts it. shared/diary/streak.ts defines the numbers; one property
-- test runs both.
  IF v_recount OR v_day <= v_last THEN
    CALL recount_streak(p_user_id, v_total, v_run, v_longest, v_last);
  ELSEIF v_day IS NOT NULL THEN
    SET v_total = v_total + 1, v_run = IF(v_last = v_day - INTERVAL 1 DAY, v_run + 1, 1), v_longest = GREATEST(v_longest, v_run), v_last = v_day;
  END IF;
