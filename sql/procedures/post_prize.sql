-- Creates a prize (p_id NULL) or changes one; a NULL field stays unchanged. The probabilities of active prizes add up to at most 1.
-- Operators have no row in users, so their requests belong to user 0. Concurrent repeats of a call wait for the request's row.
CREATE DEFINER = gd_owner PROCEDURE post_prize(
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_id INT UNSIGNED /* NULL */,
  IN p_name VARCHAR(200) CHARACTER SET utf8mb4 /* NULL */,
  IN p_description VARCHAR(2000) CHARACTER SET utf8mb4 /* NULL */,
  IN p_image_url VARCHAR(500) CHARACTER SET utf8mb4 /* NULL */,
  IN p_probability DECIMAL(5,4) /* NULL */,
  IN p_stock INT /* NULL */,
  IN p_points INT UNSIGNED /* NULL */,
  IN p_is_active BOOLEAN /* NULL */,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_id INT UNSIGNED DEFAULT p_id;
  DECLARE v_is_replay BOOLEAN DEFAULT FALSE;
  DECLARE v_hash BINARY(32);
  DECLARE v_sum DECIMAL(20,4);
  DECLARE CONTINUE HANDLER FOR 1062 SET v_is_replay = TRUE;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  INSERT INTO requests (user_id, request_id, hash, action, created_at) VALUES (0, p_request_id, p_hash, p_action, p_now);
  IF v_is_replay THEN
    SELECT hash, JSON_VALUE(receipt, '$.id' RETURNING UNSIGNED) INTO v_hash, v_id FROM requests WHERE user_id = 0 AND request_id = p_request_id;
    IF v_hash <> p_hash THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'IDEMPOTENCY_MISMATCH'; END IF;
    ROLLBACK;
  ELSE
    -- Locks all prizes, so that two operators cannot exceed 1 together.
    SELECT COUNT(*) INTO v_sum FROM lottery_prizes FOR UPDATE;
    IF p_id IS NULL THEN
      INSERT INTO lottery_prizes (name, description, image_url, probability, stock, points, is_active, created_at, updated_at)
      VALUES (p_name, COALESCE(p_description, ''), COALESCE(p_image_url, ''), p_probability, COALESCE(p_stock, -1), COALESCE(p_points, 0),
        COALESCE(p_is_active, TRUE), p_now, p_now);
      SET v_id = LAST_INSERT_ID();
    ELSE
      UPDATE lottery_prizes SET name = COALESCE(p_name, name), description = COALESCE(p_description, description),
        image_url = COALESCE(p_image_url, image_url), probability = COALESCE(p_probability, probability), stock = COALESCE(p_stock, stock),
        points = COALESCE(p_points, points), is_active = COALESCE(p_is_active, is_active), updated_at = p_now
      WHERE id = p_id;
    END IF;
    SELECT SUM(IF(is_active, probability, 0)) INTO v_sum FROM lottery_prizes FOR UPDATE;
    IF v_sum > 1 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'INVALID_INPUT'; END IF;
    IF NOT EXISTS (SELECT 1 FROM lottery_prizes WHERE id = v_id) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
    UPDATE requests SET receipt = JSON_OBJECT('id', v_id) WHERE user_id = 0 AND request_id = p_request_id;
    COMMIT;
  END IF;
  SELECT JSON_OBJECT('id', id, 'name', name, 'description', description, 'image_url', image_url, 'probability', CAST(probability AS CHAR),
    'stock', stock, 'points', points, 'is_active', is_active, 'emoji', emoji, 'kind', kind) AS response
  FROM lottery_prizes WHERE id = v_id;
END
