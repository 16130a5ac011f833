-- A child's goals of one week, as report.week shows them.
CREATE TABLE report_goals (
  user_id    INT UNSIGNED NOT NULL,
  week_start DATE NOT NULL COMMENT 'a Sunday',
  goals      JSON NOT NULL COMMENT '[{ id, text, points, completed }]',
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, week_start)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

ALTER TABLE point_records ADD KEY idx_user_time (user_id, created_at, amount) COMMENT 'reports, points.stats, records of a stretch of time';
