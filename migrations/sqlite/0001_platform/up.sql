CREATE TABLE instance (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mode TEXT NOT NULL CHECK (mode IN ('sandbox', 'production')),
    secret BLOB,
    clock_offset INTEGER NOT NULL CHECK (clock_offset >= 0),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

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

CREATE TABLE email_confirmations (
    token_hash BLOB PRIMARY KEY,
    member_id BLOB NOT NULL REFERENCES members (id) CHECK (length(member_id) = 16),
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX email_confirmations_member ON email_confirmations (member_id);

CREATE TABLE sessions (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    member_id BLOB NOT NULL REFERENCES members (id) CHECK (length(member_id) = 16),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX sessions_member ON sessions (member_id);

CREATE TABLE refresh_tokens (
    token_hash BLOB PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES sessions (id) CHECK (length(session_id) = 16),
    used_at INTEGER
) STRICT;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer TEXT CHECK (json_valid(answer)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (caller, idempotency_key)
) STRICT;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE events (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    number INTEGER UNIQUE,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    client_id BLOB REFERENCES members (id) CHECK (length(client_id) = 16),
    worker_id BLOB REFERENCES members (id) CHECK (length(worker_id) = 16),
    data TEXT NOT NULL CHECK (json_valid(data)),
    occurred_at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_client ON events (client_id, number);
CREATE INDEX events_worker ON events (worker_id, number);

CREATE TABLE mails (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    next_attempt_at INTEGER,
    attempts INTEGER NOT NULL,
    sent_at INTEGER,
    last_error TEXT
) STRICT;
CREATE INDEX mails_due ON mails (next_attempt_at);
CREATE INDEX mails_recipient ON mails (recipient, id);

CREATE TABLE timers (
    subject BLOB NOT NULL CHECK (length(subject) = 16),
    kind TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    retry_at INTEGER NOT NULL,
    last_error TEXT,
    PRIMARY KEY (subject, kind)
) STRICT;
CREATE INDEX timers_due ON timers (due_at, subject, kind);
