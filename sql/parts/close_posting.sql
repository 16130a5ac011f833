-- Ends a posting: the user's new rev and balance, and the receipt.
  UPDATE users SET rev = v_rev, points = v_points, points_seq = v_seq, updated_at = p_now WHERE id = p_user_id;
  -- include store_receipt
