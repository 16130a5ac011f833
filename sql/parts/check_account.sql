-- For procedures that do not lock the user's row: refuses an erased account and a revoked token.
  IF NOT EXISTS (SELECT 1 FROM users WHERE id = p_user_id AND status = 1 AND token_epoch = COALESCE(p_epoch, token_epoch)) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UNAUTHENTICATED';
  END IF;
