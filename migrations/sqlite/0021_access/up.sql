ALTER TABLE members ADD COLUMN username TEXT;
ALTER TABLE members ADD COLUMN username_skeleton TEXT;
ALTER TABLE members ADD COLUMN password_is_short INTEGER NOT NULL DEFAULT 0 CHECK (password_is_short IN (0, 1));
CREATE UNIQUE INDEX members_username ON members (username_skeleton);

ALTER TABLE tombstones ADD COLUMN username_hash BLOB;
CREATE INDEX tombstones_username ON tombstones (username_hash);

ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN device_hash BLOB;
ALTER TABLE sessions ADD COLUMN refreshed_at INTEGER;
ALTER TABLE sessions ADD COLUMN stepped_up_at INTEGER;
CREATE INDEX sessions_list ON sessions (member_id, created_at, id);

CREATE TABLE devices (
    token_hash BLOB PRIMARY KEY,
    member_id BLOB NOT NULL REFERENCES members (id) CHECK (length(member_id) = 16),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_member ON devices (member_id);

CREATE TABLE guesses (
    subject BLOB PRIMARY KEY,
    failures INTEGER NOT NULL CHECK (failures > 0),
    last_at INTEGER NOT NULL
) STRICT;
CREATE INDEX guesses_age ON guesses (last_at);

CREATE TABLE address_requests (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('password_reset', 'confirmation')),
    email TEXT NOT NULL,
    locale TEXT NOT NULL CHECK (locale IN ('en', 'ja')),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE password_resets (
    token_hash BLOB PRIMARY KEY,
    member_id BLOB NOT NULL REFERENCES members (id) CHECK (length(member_id) = 16),
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX password_resets_member ON password_resets (member_id);

CREATE TABLE email_changes (
    member_id BLOB PRIMARY KEY REFERENCES members (id) CHECK (length(member_id) = 16),
    email TEXT NOT NULL,
    old_hash BLOB NOT NULL UNIQUE,
    new_hash BLOB UNIQUE,
    old_confirmed_at INTEGER,
    new_confirmed_at INTEGER,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE second_factors (
    member_id BLOB PRIMARY KEY REFERENCES members (id) CHECK (length(member_id) = 16),
    secret BLOB NOT NULL,
    confirmed_at INTEGER,
    last_step INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
    member_id BLOB NOT NULL REFERENCES members (id) CHECK (length(member_id) = 16),
    code_hash BLOB NOT NULL,
    PRIMARY KEY (member_id, code_hash)
) STRICT;

ALTER TABLE mails ADD COLUMN locale TEXT NOT NULL DEFAULT 'en' CHECK (locale IN ('en', 'ja'));

ALTER TABLE instance ADD COLUMN key_generation INTEGER NOT NULL DEFAULT 0 CHECK (key_generation >= 0);
ALTER TABLE instance ADD COLUMN keys_rotated_at INTEGER;
