-- The mood of a day: one word that a child picks, with or without a diary.
CREATE TABLE moods (
  user_id    INT UNSIGNED NOT NULL,
  mood_date  DATE NOT NULL,
  mood       VARCHAR(20) NOT NULL,
  rev        BIGINT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, mood_date) COMMENT 'one per day; calendar, reports',
  KEY idx_user_rev (user_id, rev) COMMENT 'change feed'
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
