-- Variables that the other parts of a posting share.
  DECLARE v_rev BIGINT UNSIGNED;
  DECLARE v_points, v_amount INT;
  DECLARE v_seq INT UNSIGNED;
  DECLARE v_total, v_run, v_longest INT UNSIGNED;
  DECLARE v_last DATE;
