CREATE TABLE task_templates (
  id            VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  title         VARCHAR(200) NOT NULL,
  description   VARCHAR(2000) NOT NULL DEFAULT '',
  category      VARCHAR(50) NOT NULL DEFAULT 'daily',
  points_reward INT UNSIGNED NOT NULL DEFAULT 10,
  sort_order    INT UNSIGNED NOT NULL DEFAULT 0,
  is_active     BOOLEAN NOT NULL DEFAULT TRUE
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

INSERT INTO task_templates (id, title, description, category, points_reward, sort_order) VALUES
  ('diary', '写日记', '记下今天最想说的话', 'diary', 10, 1),
  ('reading', '阅读20分钟', '读一本喜欢的书', 'study', 10, 2),
  ('sport', '运动30分钟', '跑步、跳绳或打球', 'sport', 10, 3),
  ('tidy', '整理房间', '把自己的东西放回原处', 'life', 10, 4),
  ('sleep', '早睡早起', '按时睡觉，按时起床', 'life', 10, 5);

-- A user's own repeating task. Days it was done stay in tasks when the rule ends.
CREATE TABLE task_rules (
  user_id       INT UNSIGNED NOT NULL,
  id            BIGINT UNSIGNED NOT NULL,
  title         VARCHAR(200) NOT NULL,
  description   VARCHAR(2000) NOT NULL DEFAULT '',
  category      VARCHAR(50) NOT NULL DEFAULT 'daily',
  points_reward INT UNSIGNED NOT NULL,
  weekdays      TINYINT UNSIGNED NOT NULL COMMENT 'bit 0 Monday … bit 6 Sunday; 127 daily',
  is_weekly     BOOLEAN NOT NULL,
  start_date    DATE NOT NULL,
  ended_at      DATETIME(3) NULL,
  created_at    DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, id)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- One task of one user on one day. task_key: 'sys:<template>', 'rule:<rule id>' or 'own:<id>'.
CREATE TABLE tasks (
  user_id       INT UNSIGNED NOT NULL,
  id            BIGINT UNSIGNED NOT NULL,
  task_date     DATE NOT NULL,
  task_key      VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  rule_id       BIGINT UNSIGNED NULL,
  title         VARCHAR(200) NOT NULL,
  description   VARCHAR(2000) NOT NULL DEFAULT '',
  category      VARCHAR(50) NOT NULL DEFAULT 'daily',
  points_reward INT UNSIGNED NOT NULL DEFAULT 10,
  is_system     BOOLEAN NOT NULL DEFAULT FALSE,
  weekdays      TINYINT UNSIGNED NULL COMMENT 'of its rule; NULL once',
  is_weekly     BOOLEAN NOT NULL DEFAULT FALSE,
  is_completed  BOOLEAN NOT NULL DEFAULT FALSE,
  completed_at  DATETIME(3) NULL,
  completions   INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'how often it was completed; numbers its ledger rows',
  awarded       INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'points the present completion paid',
  rev           BIGINT UNSIGNED NOT NULL,
  deleted_at    DATETIME(3) NULL,
  created_at    DATETIME(3) NOT NULL,
  updated_at    DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, id),
  UNIQUE KEY uk_user_date_key (user_id, task_date, task_key) COMMENT 'materialised once; a day''s list',
  KEY idx_user_rev (user_id, rev) COMMENT 'change feed',
  KEY idx_deleted (deleted_at) COMMENT 'tombstones past their time'
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- A task as postings answer it.
CREATE SQL SECURITY INVOKER VIEW task_json AS
SELECT user_id, id, task_date, deleted_at, JSON_OBJECT(
    'id', id, 'task_date', task_date, 'title', title, 'description', description, 'category', category, 'points_reward', points_reward,
    'is_system', is_system, 'is_weekly', is_weekly, 'weekdays', weekdays, 'is_completed', is_completed,
    'completed_at', DATE_FORMAT(completed_at, '%Y-%m-%dT%H:%i:%s.%fZ')
  ) AS task
FROM tasks;
