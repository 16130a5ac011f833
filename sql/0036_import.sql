-- What a phone brings over is counted by day; a done task of today belongs to its own template.
ALTER TABLE imports
  ADD COLUMN item_date DATE NULL COMMENT 'day of a diary, mood or done task; the grant is bounded by how many there are',
  ADD COLUMN target_id BIGINT UNSIGNED NULL COMMENT 'template: the task rule that it became',
  MODIFY COLUMN item_key VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
    COMMENT 'start, wheel, grant, day:<date>, draft:<date>, mood:<date>, task:, open:, rule:, template: or draw:<hash>',
  MODIFY COLUMN points INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'start: the balance before; grant: what waits for a guardian; else what the phone paid for it';

ALTER TABLE family_wheels ADD COLUMN imported_cost INT UNSIGNED NULL COMMENT 'of the former version; takes effect when a guardian sets it';
