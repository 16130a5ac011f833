-- Clean-up and re-checks read their rows through an index, a slice at a time.
-- requests: what callers sent is kept 30 days; what the system named ('~…': mutations of phones, gifts) 90.
ALTER TABLE requests
  ADD COLUMN is_system BOOLEAN GENERATED ALWAYS AS (request_id LIKE '~%') VIRTUAL COMMENT 'the system made the id; kept longer',
  ADD KEY idx_kept (is_system, created_at) COMMENT 'clean-up',
  DROP KEY idx_created;

ALTER TABLE sync_failures ADD KEY idx_failed (failed_at) COMMENT 'clean-up';

-- A worker leases a slice of the queue: due_at is the end of its lease, and its result counts while worker is still its own.
ALTER TABLE content_checks
  ADD COLUMN priority TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0: written, 1: imported' AFTER diary_id,
  ADD COLUMN worker VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'holds the lease; NULL once the text was rewritten',
  ADD KEY idx_queue (priority, due_at) COMMENT 'the queue',
  DROP KEY idx_due;
