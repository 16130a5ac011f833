-- Changes a family's wheel if its version is still p_version, else VERSION_CONFLICT. A NULL setting stays unchanged. p_prizes replaces the list; the
-- function assigned its ids.
CREATE DEFINER = gd_owner PROCEDURE post_wheel(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_version INT UNSIGNED,
  IN p_cost INT UNSIGNED /* NULL */,
  IN p_daily_limit SMALLINT UNSIGNED /* NULL */,
  IN p_has_own_prizes BOOLEAN /* NULL */,
  IN p_blank_weight SMALLINT UNSIGNED /* NULL */,
  IN p_prizes JSON /* NULL */,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_version INT UNSIGNED DEFAULT 0;
  DECLARE v_last_id INT UNSIGNED;
  -- include open_posting

  SELECT version INTO v_version FROM family_wheels WHERE user_id = p_user_id;
  IF v_version <> p_version THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'VERSION_CONFLICT'; END IF;
  IF p_prizes IS NOT NULL THEN
    DELETE FROM family_prizes WHERE user_id = p_user_id;
    INSERT INTO family_prizes (user_id, position, id, name, description, emoji, image_url, kind, points, weight, stock, is_active)
    SELECT p_user_id, position, id, name, description, emoji, image_url, kind, points, weight, stock, is_active
      FROM JSON_TABLE(p_prizes, '$[*]' COLUMNS (
        position FOR ORDINALITY, id INT UNSIGNED PATH '$.id', name VARCHAR(50) CHARACTER SET utf8mb4 PATH '$.name',
        description VARCHAR(200) CHARACTER SET utf8mb4 PATH '$.description', emoji VARCHAR(32) CHARACTER SET utf8mb4 PATH '$.emoji',
        image_url VARCHAR(500) CHARACTER SET utf8mb4 PATH '$.image', kind VARCHAR(10) CHARACTER SET ascii PATH '$.kind',
        points INT UNSIGNED PATH '$.points', weight TINYINT UNSIGNED PATH '$.weight', stock INT PATH '$.stock', is_active BOOLEAN PATH '$.isActive'
      )) AS prize;
  END IF;
  SELECT MAX(id) INTO v_last_id FROM family_prizes WHERE user_id = p_user_id;
  INSERT INTO family_wheels (user_id, has_own_prizes, cost, daily_limit, blank_weight, last_prize_id, updated_at)
  VALUES (p_user_id, COALESCE(p_has_own_prizes, FALSE), p_cost, p_daily_limit, COALESCE(p_blank_weight, 0), COALESCE(v_last_id, 0), p_now) AS new
  ON DUPLICATE KEY UPDATE version = family_wheels.version + 1, odds_version = family_wheels.odds_version + 1,
    has_own_prizes = COALESCE(p_has_own_prizes, family_wheels.has_own_prizes), cost = COALESCE(p_cost, family_wheels.cost),
    daily_limit = COALESCE(p_daily_limit, family_wheels.daily_limit), blank_weight = COALESCE(p_blank_weight, family_wheels.blank_weight),
    last_prize_id = GREATEST(family_wheels.last_prize_id, new.last_prize_id), updated_at = new.updated_at;
  SET v_rev = v_rev + 1;
  SET v_receipt = JSON_OBJECT('version', v_version + 1);
  -- include close_posting
  SELECT v_receipt AS response;
END
