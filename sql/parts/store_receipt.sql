-- Ends a posting whose user's row is written: the receipt under its request id, and COMMIT.
  INSERT INTO requests (user_id, request_id, hash, action, receipt, created_at)
  VALUES (p_user_id, p_request_id, p_hash, p_action, v_receipt, p_now);
  COMMIT;
