-- Begins a posting; placed after the procedure's other declarations. A repeated request hits the unique key of requests, at the latest when its
-- receipt is inserted. The handler then answers the first receipt, marked as replayed.
  -- include posting_variables
  DECLARE v_receipt VARCHAR(255) CHARACTER SET ascii;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN
    ROLLBACK;
    CALL find_receipt(p_user_id, p_epoch, p_request_id, p_hash, v_receipt);
    IF v_receipt IS NULL THEN RESIGNAL; END IF;
    SELECT JSON_SET(v_receipt, '$.replayed', TRUE) AS response;
  END;
  -- include lock_user
