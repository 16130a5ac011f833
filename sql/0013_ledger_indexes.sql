-- seq and rev of a ledger grow together, so the change feed finds new rows from the end of the primary key.
ALTER TABLE point_records DROP KEY idx_user_rev;
