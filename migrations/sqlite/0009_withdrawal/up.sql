-- SQLite cannot change a CHECK: the table is made anew, with its rows.
PRAGMA defer_foreign_keys = ON;

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
    state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'closing', 'closed')),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO members SELECT * FROM members_copy;
DROP TABLE members_copy;

CREATE TABLE withdrawals (
    member_id BLOB PRIMARY KEY REFERENCES members (id) CHECK (length(member_id) = 16),
    reason TEXT,
    comment TEXT,
    acknowledged TEXT NOT NULL CHECK (json_valid(acknowledged)),
    requested_at INTEGER NOT NULL,
    completed_at INTEGER
) STRICT;

CREATE TABLE tombstones (
    member_id BLOB PRIMARY KEY REFERENCES members (id) CHECK (length(member_id) = 16),
    email_hash BLOB NOT NULL,
    left_at INTEGER NOT NULL,
    readmitted_at INTEGER
) STRICT;
CREATE INDEX tombstones_email ON tombstones (email_hash);

CREATE INDEX contracts_client_state ON contracts (client_id, state);
CREATE INDEX contracts_worker_state ON contracts (worker_id, state);
CREATE INDEX proposals_client_state ON proposals (client_id, state);
CREATE INDEX proposals_worker_state ON proposals (worker_id, state);
CREATE INDEX disputes_client_state ON disputes (client_id, state);
CREATE INDEX disputes_worker_state ON disputes (worker_id, state);
CREATE INDEX jobs_client_state ON jobs (client_id, state);
CREATE INDEX payouts_worker_state ON payouts (worker_id, state);
CREATE INDEX mails_age ON mails (created_at);
