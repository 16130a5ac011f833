-- Accounts and what each may do, applied by the migrator inside the product's own database. They are born locked: whoever deploys sets a
-- password and unlocks the ones in use (docs/operations.md).
CREATE USER IF NOT EXISTS gd_owner ACCOUNT LOCK;
CREATE USER IF NOT EXISTS gd_migrator ACCOUNT LOCK;
CREATE USER IF NOT EXISTS gd_runtime ACCOUNT LOCK;
CREATE USER IF NOT EXISTS gd_operator ACCOUNT LOCK;

-- owner: whose rights the procedures run with; never signs in.
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON * TO gd_owner;

-- migrator: shapes the schema.
GRANT ALL ON * TO gd_migrator;

-- runtime: the cloud functions, those that timers start too. Reads everything, writes what carries value only through the postings.
GRANT SELECT ON * TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_login TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_logout TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_profile TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_diary TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_new_day TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_job TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_job_claim TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_job_hold TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_job_end TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_check TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_points TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_tasks TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_task TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_task_change TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_task_deletion TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_completion TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_uncompletion TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_prize TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_draw TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_minutes TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_minutes_sweep TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_incident TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_incident_claim TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_incident_told TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_erase TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_erase_rows TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_erase_files TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_doomed_file TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_answer TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_ack TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_failure TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_import TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_grant TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_garbage TO gd_runtime;
GRANT EXECUTE ON PROCEDURE post_forgetting TO gd_runtime;

-- operator: people at a console.
GRANT SELECT ON * TO gd_operator;
