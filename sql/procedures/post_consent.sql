-- Stores a guardian's consent and switches the AI on or off as the guardian chose.
CREATE DEFINER = gd_owner PROCEDURE post_consent(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_request_id VARCHAR(80) CHARACTER SET ascii,
  IN p_hash BINARY(32),
  IN p_action VARCHAR(24) CHARACTER SET ascii,
  IN p_version VARCHAR(20) CHARACTER SET ascii,
  IN p_relation VARCHAR(10) CHARACTER SET ascii,
  IN p_ai BOOLEAN,
  IN p_pictures BOOLEAN,
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  -- include open_posting

  SET v_rev = v_rev + 1;
  INSERT INTO consents (user_id, id, version, relation, ai, pictures, created_at)
  VALUES (p_user_id, v_rev, p_version, p_relation, p_ai, p_pictures, p_now);
  UPDATE users SET settings = JSON_SET(settings, '$.aiEnabled', IF(p_ai, CAST('true' AS JSON), CAST('false' AS JSON))) WHERE id = p_user_id;
  SET v_receipt = JSON_OBJECT('id', v_rev);
  -- include close_posting
  SELECT v_receipt AS response;
END
