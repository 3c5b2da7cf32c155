CREATE TABLE instance (
    id integer PRIMARY KEY CHECK (id = 1),
    mode text NOT NULL CHECK (mode IN ('sandbox', 'production')),
    secret bytea,
    clock_offset bigint NOT NULL CHECK (clock_offset >= 0),
    version integer NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE members (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('individual', 'company')),
    role text NOT NULL CHECK (role IN ('member', 'support', 'finance', 'admin')),
    email text NOT NULL,
    email_key text NOT NULL UNIQUE,
    display_name text NOT NULL,
    password_hash text,
    locale text NOT NULL CHECK (locale IN ('en', 'ja')),
    terms_version text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'active')),
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE email_confirmations (
    token_hash bytea PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members (id),
    expires_at timestamptz NOT NULL
);
CREATE INDEX email_confirmations_member ON email_confirmations (member_id);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_member ON sessions (member_id);

CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions (id),
    used_at timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE idempotency_keys (
    caller text NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint bytea NOT NULL,
    answer jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller, idempotency_key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE events (
    id uuid PRIMARY KEY,
    number bigint UNIQUE,
    kind text NOT NULL,
    subject text NOT NULL,
    client_id uuid REFERENCES members (id),
    worker_id uuid REFERENCES members (id),
    data jsonb NOT NULL,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX events_client ON events (client_id, number);
CREATE INDEX events_worker ON events (worker_id, number);

CREATE TABLE mails (
    id uuid PRIMARY KEY,
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    next_attempt_at timestamptz,
    attempts integer NOT NULL,
    sent_at timestamptz,
    last_error text
);
CREATE INDEX mails_due ON mails (next_attempt_at);
CREATE INDEX mails_recipient ON mails (recipient, id);

CREATE TABLE timers (
    subject uuid NOT NULL,
    kind text NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    retry_at timestamptz NOT NULL,
    last_error text,
    PRIMARY KEY (subject, kind)
);
CREATE INDEX timers_due ON timers (due_at, subject, kind);
