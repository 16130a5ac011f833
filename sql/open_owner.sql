-- Lets gd_migrator sign in as gd_owner while it replaces procedures: sets a password and unlocks the account; NULL locks it again. Created by the
-- administrator, whose right to alter accounts it uses. Every other account is refused.
CREATE PROCEDURE open_owner(IN p_password VARCHAR(64) CHARACTER SET ascii)
SQL SECURITY DEFINER
BEGIN
  IF USER() NOT LIKE 'gd\_migrator@%' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'FORBIDDEN'; END IF;
  IF p_password IS NULL THEN
    ALTER USER gd_owner IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK;
  ELSE
    SET @open_owner = CONCAT('ALTER USER gd_owner IDENTIFIED BY ', QUOTE(p_password), ' ACCOUNT UNLOCK');
    PREPARE statement FROM @open_owner;
    EXECUTE statement;
    DEALLOCATE PREPARE statement;
    SET @open_owner = NULL;
  END IF;
END
