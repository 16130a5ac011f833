-- Forgets answered requests of a span of time; a phone's mutations (<client>:<ten digits>) only when p_mutations says so.
CREATE DEFINER = gd_owner PROCEDURE post_forgetting(IN p_from DATETIME(3), IN p_until DATETIME(3), IN p_mutations BOOLEAN, IN p_limit INT UNSIGNED)
SQL SECURITY DEFINER
BEGIN
  DELETE FROM requests
   WHERE created_at >= p_from AND created_at < p_until AND (p_mutations OR request_id NOT RLIKE '^[A-Za-z0-9_-]{8,40}:[0-9]{10}$')
   ORDER BY created_at LIMIT p_limit;
  SELECT JSON_OBJECT('forgotten', ROW_COUNT()) AS response;
END
