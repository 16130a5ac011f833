-- Locks the user's row, the only lock of a posting, and reads the columns that postings change. p_epoch is the epoch of the caller's token; NULL
-- when the call carries no token.
  START TRANSACTION;
  SELECT rev, points, points_seq, total_diaries, continuous_days, longest_days, last_diary_date
  INTO v_rev, v_points, v_seq, v_total, v_run, v_longest, v_last
  FROM users WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch) FOR UPDATE;
  IF v_rev IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED'; END IF;
