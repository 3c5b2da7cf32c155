DROP INDEX mails_age;
DROP INDEX contracts_client_state;
DROP INDEX contracts_worker_state;
DROP INDEX proposals_client_state;
DROP INDEX proposals_worker_state;
DROP INDEX disputes_client_state;
DROP INDEX disputes_worker_state;
DROP INDEX jobs_client_state;
DROP INDEX payouts_worker_state;
DROP TABLE tombstones;
DROP TABLE withdrawals;

-- SQLite cannot change a CHECK: the table is made anew, with its rows.
PRAGMA defer_foreign_keys = ON;

UPDATE members SET state = 'active' WHERE state IN ('closing', 'closed');
CREATE TABLE members_copy AS SELECT * FROM members;
DROP TABLE members;
CREATE TABLE members (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('individual', 'company')),
    role TEXT NOT NULL CHECK (role IN ('member', 'support', 'finance', 'admin')),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    password_hash TEXT,
    locale TEXT NOT NULL CHECK (locale IN ('en', 'ja')),
    terms_version TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'active')),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO members SELECT * FROM members_copy;
DROP TABLE members_copy;
