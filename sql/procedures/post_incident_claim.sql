-- Leases an incident's message to one of several runs, which sends it. The lease of a run that dies while sending expires at p_until.
CREATE DEFINER = gd_owner PROCEDURE post_incident_claim(
  IN p_rule VARCHAR(40) CHARACTER SET ascii,
  IN p_opened_at DATETIME,
  IN p_is_open BOOLEAN,
  IN p_now DATETIME,
  IN p_until DATETIME
)
SQL SECURITY DEFINER
BEGIN
  UPDATE incidents SET claimed_until = p_until
  WHERE rule = p_rule AND opened_at = p_opened_at AND (claimed_until IS NULL OR claimed_until <= p_now)
    AND IF(p_is_open, notified_opened_at IS NULL, notified_closed_at IS NULL AND closed_at IS NOT NULL);
  SELECT JSON_OBJECT('claimed', ROW_COUNT()) AS response;
END
