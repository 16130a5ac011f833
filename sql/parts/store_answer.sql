-- Ends a posting whose user's row is written: the answer under its request id, and COMMIT.
  INSERT INTO requests (user_id, request_id, hash, response, created_at) VALUES (p_user_id, p_request_id, p_hash, v_answer, p_now);
  COMMIT;
  SELECT v_answer AS response;
