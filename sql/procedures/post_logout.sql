-- Revokes all tokens issued so far. A replay that carries one of them is refused.
CREATE DEFINER = gd_owner PROCEDURE post_logout(IN p_user_id INT UNSIGNED, IN p_epoch INT UNSIGNED /* NULL */, IN p_now DATETIME(3))
SQL SECURITY DEFINER
BEGIN
  UPDATE users SET token_epoch = token_epoch + 1, updated_at = p_now
  WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch);
  IF ROW_COUNT() = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED'; END IF;
  SELECT JSON_OBJECT('loggedOut', TRUE) AS response;
END
