CREATE TABLE apps (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    owner_id BLOB NOT NULL REFERENCES members (id) CHECK (length(owner_id) = 16),
    name TEXT NOT NULL,
    secret_hash BLOB,
    redirect_uris TEXT NOT NULL CHECK (json_valid(redirect_uris)),
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE INDEX apps_owner ON apps (owner_id, created_at, id);

ALTER TABLE sessions ADD COLUMN holder TEXT CHECK (holder IN ('browser', 'app', 'client', 'key'));
ALTER TABLE sessions ADD COLUMN app_id BLOB;
ALTER TABLE sessions ADD COLUMN scopes TEXT;
ALTER TABLE sessions ADD COLUMN used_at INTEGER;
CREATE INDEX sessions_app ON sessions (app_id, member_id) WHERE app_id IS NOT NULL;

CREATE TABLE connections (
    member_id BLOB NOT NULL REFERENCES members (id) CHECK (length(member_id) = 16),
    app_id BLOB NOT NULL REFERENCES apps (id) CHECK (length(app_id) = 16),
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (member_id, app_id)
) STRICT;
CREATE INDEX connections_list ON connections (member_id, created_at, app_id);

CREATE TABLE authorization_codes (
    code_hash BLOB PRIMARY KEY,
    app_id BLOB NOT NULL REFERENCES apps (id) CHECK (length(app_id) = 16),
    member_id BLOB NOT NULL REFERENCES members (id) CHECK (length(member_id) = 16),
    redirect_uri TEXT NOT NULL,
    scopes TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    session_id BLOB REFERENCES sessions (id) CHECK (length(session_id) = 16)
) STRICT;
CREATE INDEX authorization_codes_age ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_app ON authorization_codes (app_id, member_id);

CREATE TABLE api_keys (
    id BLOB PRIMARY KEY REFERENCES sessions (id) CHECK (length(id) = 16),
    member_id BLOB NOT NULL REFERENCES members (id) CHECK (length(member_id) = 16),
    name TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX api_keys_list ON api_keys (member_id, created_at, id);
