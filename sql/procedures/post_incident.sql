-- Opens an incident of a rule, or ends the open one. When two runs find the same, only one changes the row; `changed` is true for that run.
CREATE DEFINER = gd_owner PROCEDURE post_incident(
  IN p_rule VARCHAR(40) CHARACTER SET ascii,
  IN p_is_open BOOLEAN,
  IN p_detail VARCHAR(500) CHARACTER SET utf8mb4,
  IN p_slot DATETIME
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_changed INT DEFAULT 1;
  DECLARE CONTINUE HANDLER FOR 1062 SET v_changed = 0;
  IF p_is_open THEN
    INSERT INTO incidents (rule, opened_at, detail) VALUES (p_rule, p_slot, p_detail);
  ELSE
    UPDATE incidents SET closed_at = p_slot WHERE rule = p_rule AND closed_at IS NULL;
    SET v_changed = ROW_COUNT();
  END IF;
  SELECT JSON_OBJECT('changed', v_changed) AS response;
END
