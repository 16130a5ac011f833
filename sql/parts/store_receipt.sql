-- Ends a posting after the user's row is updated: stores the receipt under the request id and commits.
  INSERT INTO requests (user_id, request_id, hash, action, receipt, created_at)
  VALUES (p_user_id, p_request_id, p_hash, p_action, v_receipt, p_now);
  COMMIT;
