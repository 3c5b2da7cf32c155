ALTER TABLE members ADD COLUMN username text;
ALTER TABLE members ADD COLUMN username_skeleton text;
ALTER TABLE members ADD COLUMN password_is_short boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX members_username ON members (username_skeleton);

ALTER TABLE tombstones ADD COLUMN username_hash bytea;
CREATE INDEX tombstones_username ON tombstones (username_hash);

ALTER TABLE sessions ADD COLUMN device text NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN device_hash bytea;
ALTER TABLE sessions ADD COLUMN refreshed_at timestamptz;
ALTER TABLE sessions ADD COLUMN stepped_up_at timestamptz;
CREATE INDEX sessions_list ON sessions (member_id, created_at, id);

CREATE TABLE devices (
    token_hash bytea PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX devices_member ON devices (member_id);

CREATE TABLE guesses (
    subject bytea PRIMARY KEY,
    failures integer NOT NULL CHECK (failures > 0),
    last_at timestamptz NOT NULL
);
CREATE INDEX guesses_age ON guesses (last_at);

CREATE TABLE address_requests (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('password_reset', 'confirmation')),
    email text NOT NULL,
    locale text NOT NULL CHECK (locale IN ('en', 'ja')),
    created_at timestamptz NOT NULL
);

CREATE TABLE password_resets (
    token_hash bytea PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members (id),
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_member ON password_resets (member_id);

CREATE TABLE email_changes (
    member_id uuid PRIMARY KEY REFERENCES members (id),
    email text NOT NULL,
    old_hash bytea NOT NULL UNIQUE,
    new_hash bytea UNIQUE,
    old_confirmed_at timestamptz,
    new_confirmed_at timestamptz,
    expires_at timestamptz NOT NULL
);

CREATE TABLE second_factors (
    member_id uuid PRIMARY KEY REFERENCES members (id),
    secret bytea NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE recovery_codes (
    member_id uuid NOT NULL REFERENCES members (id),
    code_hash bytea NOT NULL,
    PRIMARY KEY (member_id, code_hash)
);

ALTER TABLE mails ADD COLUMN locale text NOT NULL DEFAULT 'en' CHECK (locale IN ('en', 'ja'));

ALTER TABLE instance ADD COLUMN key_generation integer NOT NULL DEFAULT 0 CHECK (key_generation >= 0);
ALTER TABLE instance ADD COLUMN keys_rotated_at timestamptz;
