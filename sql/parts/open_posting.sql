-- Begins a posting, as the last of a procedure's declarations: takes the user's row, the one lock.
-- A request that was answered before runs into its own traces, at the latest when its answer is to be stored again; the first answer is then given.
  DECLARE v_rev BIGINT UNSIGNED;
  DECLARE v_points, v_amount INT;
  DECLARE v_seq INT UNSIGNED;
  DECLARE v_answer MEDIUMTEXT CHARACTER SET utf8mb4;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN
    ROLLBACK;
    CALL find_answer(p_user_id, p_request_id, p_hash, v_answer);
    IF v_answer IS NULL THEN RESIGNAL; END IF;
    SELECT v_answer AS response;
  END;
  START TRANSACTION;
  SELECT rev, points, points_seq INTO v_rev, v_points, v_seq FROM users WHERE id = p_user_id AND status = 1 FOR UPDATE;
  IF v_rev IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED'; END IF;
