-- Stores a code by which another account becomes a guardian of p_user_id. Earlier codes become invalid.
CREATE DEFINER = gd_owner PROCEDURE post_invitation(
  IN p_user_id INT UNSIGNED,
  IN p_epoch INT UNSIGNED /* NULL */,
  IN p_code_hash BINARY(32),
  IN p_expires_at DATETIME(3),
  IN p_now DATETIME(3)
)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM users WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch) FOR UPDATE) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED';
  END IF;
  DELETE FROM invitations WHERE user_id = p_user_id OR expires_at < p_now - INTERVAL 1 DAY;
  INSERT INTO invitations (code_hash, user_id, expires_at) VALUES (p_code_hash, p_user_id, p_expires_at);
  COMMIT;
  SELECT JSON_OBJECT('stored', TRUE) AS response;
END
