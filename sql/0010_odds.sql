-- When what may be drawn last changed, whoever changed it; stock that merely shrinks leaves it alone (post_draw).
ALTER TABLE lottery_prizes
  ADD COLUMN changed_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6);

-- A sum, so that a change shows even when the clock was set back. A hash over the texts cost a draw a tenth of its time.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW lottery_fingerprint AS
SELECT CAST(CONCAT(COUNT(*), ' ', COALESCE(SUM(changed_at + 0), 0)) AS BINARY(32)) AS fingerprint FROM lottery_prizes;
