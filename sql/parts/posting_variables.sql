-- Variables that the other parts of a posting share.
  DECLARE v_rev BIGINT UNSIGNED;
  DECLARE v_points, v_amount INT;
  DECLARE v_seq INT UNSIGNED;
