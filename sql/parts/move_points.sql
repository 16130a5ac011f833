-- Adds v_amount to the running balance, for the ledger row that follows. A balance below zero is refused.
  IF v_points + v_amount < 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'POINTS_INSUFFICIENT'; END IF;
  SET v_points = v_points + v_amount, v_seq = v_seq + 1;
