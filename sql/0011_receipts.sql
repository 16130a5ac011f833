-- A request keeps a receipt of what it did, not the answer: ids, version, points and balance, and no words. An id that begins with '~' is one
-- that the system makes; callers cannot send it. So mutations, and gifts of operators, get a name that no caller's id can collide with.
ALTER TABLE requests
  ADD COLUMN action VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' AFTER hash,
  ADD COLUMN receipt VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'JSON; NULL: acknowledged and dropped' AFTER action;

-- A draw is its own receipt.
ALTER TABLE lottery_records
  ADD COLUMN request_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'NULL: imported, or drawn before there were receipts',
  ADD UNIQUE KEY uk_user_request (user_id, request_id);

UPDATE lottery_records d
  JOIN requests r ON r.user_id = d.user_id AND JSON_CONTAINS_PATH(r.response, 'one', '$.prize_name')
   AND JSON_VALUE(r.response, '$.id' RETURNING UNSIGNED) = d.id
   SET d.request_id = r.request_id;

DELETE FROM requests WHERE JSON_CONTAINS_PATH(response, 'one', '$.prize_name');

UPDATE requests SET
  action = IF(JSON_CONTAINS_PATH(response, 'one', '$.task_date'), 'task.create', ''),
  receipt = CASE
    WHEN response IS NULL THEN NULL
    WHEN JSON_CONTAINS_PATH(response, 'one', '$.refused') THEN JSON_OBJECT('refused', JSON_VALUE(response, '$.refused'))
    WHEN JSON_CONTAINS_PATH(response, 'one', '$.isConflict') THEN JSON_OBJECT('isConflict', JSON_EXTRACT(response, '$.isConflict'),
      'version', COALESCE(JSON_VALUE(response, '$.diary.version' RETURNING UNSIGNED), 0))
    WHEN JSON_CONTAINS_PATH(response, 'one', '$.isRejected') THEN JSON_OBJECT('id', JSON_EXTRACT(response, '$.diary.id'),
      'version', JSON_EXTRACT(response, '$.diary.version'), 'reward', COALESCE(JSON_VALUE(response, '$.reward.points' RETURNING UNSIGNED), 0),
      'balance', COALESCE(JSON_VALUE(response, '$.reward.balance' RETURNING UNSIGNED), 0), 'isRejected', JSON_EXTRACT(response, '$.isRejected'))
    WHEN JSON_CONTAINS_PATH(response, 'one', '$.awarded') THEN JSON_OBJECT('id', JSON_EXTRACT(response, '$.task.id'),
      'awarded', JSON_EXTRACT(response, '$.awarded'), 'balance', JSON_EXTRACT(response, '$.balance'),
      'capped', JSON_VALUE(response, '$.awarded' RETURNING UNSIGNED) < JSON_VALUE(response, '$.task.points_reward' RETURNING UNSIGNED))
    WHEN JSON_CONTAINS_PATH(response, 'one', '$.returned') THEN JSON_OBJECT('id', JSON_EXTRACT(response, '$.task.id'),
      'returned', JSON_EXTRACT(response, '$.returned'), 'balance', JSON_EXTRACT(response, '$.balance'))
    WHEN JSON_CONTAINS_PATH(response, 'one', '$.id') AND NOT JSON_CONTAINS_PATH(response, 'one', '$.nickname')
      THEN JSON_OBJECT('id', JSON_EXTRACT(response, '$.id'))
    ELSE '{}'
  END;

ALTER TABLE requests DROP COLUMN response;

UPDATE requests SET request_id = CONCAT('~', request_id)
 WHERE request_id RLIKE '^[A-Za-z0-9_-]{8,40}:[0-9]{10}$' OR request_id RLIKE '^op:[A-Za-z0-9_-]{43}$';

UPDATE sync_failures SET request_id = CONCAT('~', request_id);

UPDATE point_records SET source_key = CONCAT('req:~', SUBSTRING(source_key, 5))
 WHERE source_key RLIKE '^req:[A-Za-z0-9_-]{8,40}:[0-9]{10}$' OR source_key RLIKE '^req:op:[A-Za-z0-9_-]{43}$';

-- The monitor asks who has moved points lately; requests no longer tell it.
ALTER TABLE point_records ADD KEY idx_created (created_at) COMMENT 'monitor';
