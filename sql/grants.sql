-- Rights of the accounts in the product's database. The accounts are created by migrate, locked and with passwords that nobody knows; the administrator
-- sets a password and unlocks the ones in use (docs/operations.md).

-- owner: creates the procedures, which run with its rights, and lets others call them. Signs in during a migration only.
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE ROUTINE, ALTER ROUTINE ON * TO gd_owner WITH GRANT OPTION;

-- migrator: changes the schema.
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EXECUTE ON * TO gd_migrator;

-- runtime: the cloud functions. Reads everything and writes through procedures only. EXECUTE holds for the whole database, because a right on one
-- procedure is lost whenever that procedure is replaced. Procedures that only postings may call are SQL SECURITY INVOKER: called by this account they
-- have its rights, and those do not include writing.
GRANT SELECT, EXECUTE ON * TO gd_runtime;

-- operator: people at a console.
GRANT SELECT ON * TO gd_operator;
