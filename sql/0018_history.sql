-- Every state of a diary that a change would lose is kept for 30 days. One set of reasons, which the API answers as they are:
-- overwritten, deleted, draft (the state was one), conflict (lost one), imported (from a phone; never swept).
ALTER TABLE diary_revisions
  ADD COLUMN diary_id BIGINT UNSIGNED NULL COMMENT 'NULL: no diary of this account held it' AFTER id,
  MODIFY COLUMN reason VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'overwritten, deleted, draft, conflict or imported',
  ADD KEY idx_reason (reason, created_at) COMMENT 'sweep';

UPDATE diary_revisions SET reason = IF(reason IN ('lost', 'overwritten'), 'conflict', 'imported');

ALTER TABLE users ADD COLUMN revision_bytes BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'size of the revisions';

UPDATE users u
  JOIN (SELECT user_id, SUM(LENGTH(content) + LENGTH(images) + LENGTH(tags)) AS bytes FROM diary_revisions GROUP BY user_id) AS kept ON kept.user_id = u.id
   SET u.revision_bytes = kept.bytes;
