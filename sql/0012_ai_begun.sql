-- What a worker has begun elsewhere has columns of its own; it was one text whose form told what it meant.
ALTER TABLE ai_jobs
  ADD COLUMN conversation VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'where a comment is, or may have been begun' AFTER reference,
  ADD COLUMN chat VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'begun in the conversation; empty while its id is unknown' AFTER conversation,
  ADD COLUMN is_sent BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'a paid call that cannot be looked up has left' AFTER chat,
  ADD COLUMN trace_id VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'picture check that the result waits for' AFTER is_sent;

UPDATE ai_jobs SET
  trace_id = IF(reference LIKE 'media:%', SUBSTRING(reference, 7), NULL),
  is_sent = reference = 'sent',
  conversation = IF(reference LIKE 'media:%' OR reference = 'sent', NULL, SUBSTRING_INDEX(reference, ':', 1)),
  chat = IF(reference LIKE '%:%' AND reference NOT LIKE 'media:%', SUBSTRING_INDEX(reference, ':', -1), NULL)
 WHERE reference IS NOT NULL;

ALTER TABLE ai_jobs
  DROP KEY idx_reference,
  DROP COLUMN reference,
  ADD KEY idx_trace (trace_id) COMMENT 'the answer of a picture check names nothing else';
