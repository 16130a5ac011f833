-- Forgets answered requests of a span of time; a phone's mutations (~<client>:<ten digits>) and their failures only when p_mutations says so.
CREATE DEFINER = gd_owner PROCEDURE post_forgetting(
  IN p_from DATETIME(3),
  IN p_until DATETIME(3),
  IN p_mutations BOOLEAN,
  IN p_limit INT UNSIGNED
)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_forgotten INT;
  DELETE FROM requests
   WHERE created_at >= p_from AND created_at < p_until AND (p_mutations OR request_id NOT RLIKE '^~[A-Za-z0-9_-]{8,40}:[0-9]{10}$')
   ORDER BY created_at LIMIT p_limit;
  SET v_forgotten = ROW_COUNT();
  IF p_mutations THEN
    DELETE FROM sync_failures WHERE failed_at < p_until;
  END IF;
  SELECT JSON_OBJECT('forgotten', v_forgotten) AS response;
END
