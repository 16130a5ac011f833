-- Locks the user's row, the one lock of a posting. p_epoch: of the token that the call came with; NULL without a token.
  START TRANSACTION;
  SELECT rev, points, points_seq INTO v_rev, v_points, v_seq
  FROM users WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch) FOR UPDATE;
  IF v_rev IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED'; END IF;
