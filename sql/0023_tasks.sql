-- Monthly repeat, a time to be reminded at, rewards that a guardian sets, and completions that wait for approval: completed_at is set and
-- is_completed is not.
ALTER TABLE task_rules
  MODIFY COLUMN weekdays TINYINT UNSIGNED NOT NULL COMMENT 'bit 0 Monday … bit 6 Sunday; 127 daily; 128 + n: day n of the month',
  ADD COLUMN remind_at CHAR(5) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'HH:MM in Beijing',
  ADD COLUMN by_guardian BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE tasks
  MODIFY COLUMN weekdays TINYINT UNSIGNED NULL COMMENT 'of its rule; NULL once',
  ADD COLUMN remind_at CHAR(5) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'HH:MM in Beijing',
  ADD COLUMN by_guardian BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'a guardian set it: no cap of the child''s own tasks, and only a guardian changes it',
  ADD COLUMN rejected_reason VARCHAR(200) NULL COMMENT 'why a guardian did not approve the last completion';

-- Completions that wait for a guardian.
CREATE TABLE waiting_tasks (
  user_id INT UNSIGNED NOT NULL,
  task_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (user_id, task_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- System tasks that a family does not want.
CREATE TABLE hidden_templates (
  user_id     INT UNSIGNED NOT NULL,
  template_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (user_id, template_id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW task_json AS
SELECT user_id, id, task_date, deleted_at, JSON_OBJECT(
    'id', id, 'task_date', task_date, 'title', title, 'description', description, 'category', category, 'points_reward', points_reward,
    'is_system', is_system, 'is_weekly', is_weekly, 'weekdays', weekdays, 'is_completed', is_completed, 'remind_at', remind_at,
    'by_guardian', by_guardian, 'rejected_reason', rejected_reason, 'completed_at', DATE_FORMAT(completed_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS task
FROM tasks;
