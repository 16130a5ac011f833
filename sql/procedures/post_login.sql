-- Answers the account of an openid and creates it at the first login. Two concurrent first logins create one account.
CREATE DEFINER = gd_owner PROCEDURE post_login(IN p_openid VARCHAR(100) CHARACTER SET ascii, IN p_now DATETIME(3))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_is_new BOOLEAN DEFAULT TRUE;
  DECLARE CONTINUE HANDLER FOR 1062 SET v_is_new = FALSE;
  INSERT INTO users (openid, created_at, updated_at) VALUES (p_openid, p_now, p_now);
  SELECT JSON_OBJECT('id', id, 'openid', openid, 'nickname', nickname, 'avatar', avatar_url, 'points', points, 'epoch', token_epoch,
    'isNewUser', v_is_new) AS response
  FROM users WHERE openid = p_openid;
END
