-- Records that a physical prize was handed over, or withdraws that.
CREATE DEFINER = gd_owner PROCEDURE post_redemption(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_draw_id BIGINT UNSIGNED,
  IN p_is_given BOOLEAN,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include open_posting

  SET v_rev = v_rev + 1;
  UPDATE won_prizes SET given_at = IF(p_is_given, COALESCE(given_at, p_now), NULL), rev = v_rev WHERE user_id = p_user_id AND draw_id = p_draw_id;
  IF ROW_COUNT() = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'NOT_FOUND'; END IF;
  SET v_receipt = JSON_OBJECT('id', p_draw_id);
  -- include close_posting
  SELECT v_receipt AS response;
END
