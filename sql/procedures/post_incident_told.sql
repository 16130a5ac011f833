-- Records that the message about an incident's begin or end was accepted (p_is_told), or releases the lease.
CREATE DEFINER = gd_owner PROCEDURE post_incident_told(
  IN p_rule VARCHAR(40) CHARACTER SET ascii,
  IN p_opened_at DATETIME,
  IN p_is_open BOOLEAN,
  IN p_is_told BOOLEAN,
  IN p_now DATETIME
)
SQL SECURITY DEFINER
BEGIN
  UPDATE incidents
  SET claimed_until = NULL,
    notified_opened_at = IF(p_is_told AND p_is_open, p_now, notified_opened_at),
    notified_closed_at = IF(p_is_told AND NOT p_is_open, p_now, notified_closed_at)
  WHERE rule = p_rule AND opened_at = p_opened_at;
  SELECT JSON_OBJECT('told', p_is_told) AS response;
END
