CREATE TABLE apps (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES members (id),
    name text NOT NULL,
    secret_hash bytea,
    redirect_uris jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE INDEX apps_owner ON apps (owner_id, created_at, id);

ALTER TABLE sessions ADD COLUMN holder text CHECK (holder IN ('browser', 'app', 'client', 'key'));
ALTER TABLE sessions ADD COLUMN app_id uuid;
ALTER TABLE sessions ADD COLUMN scopes text;
ALTER TABLE sessions ADD COLUMN used_at timestamptz;
CREATE INDEX sessions_app ON sessions (app_id, member_id) WHERE app_id IS NOT NULL;

CREATE TABLE connections (
    member_id uuid NOT NULL REFERENCES members (id),
    app_id uuid NOT NULL REFERENCES apps (id),
    scopes text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, app_id)
);
CREATE INDEX connections_list ON connections (member_id, created_at, app_id);

CREATE TABLE authorization_codes (
    code_hash bytea PRIMARY KEY,
    app_id uuid NOT NULL REFERENCES apps (id),
    member_id uuid NOT NULL REFERENCES members (id),
    redirect_uri text NOT NULL,
    scopes text NOT NULL,
    challenge text NOT NULL,
    expires_at timestamptz NOT NULL,
    session_id uuid REFERENCES sessions (id)
);
CREATE INDEX authorization_codes_age ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_app ON authorization_codes (app_id, member_id);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY REFERENCES sessions (id),
    member_id uuid NOT NULL REFERENCES members (id),
    name text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    hint text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX api_keys_list ON api_keys (member_id, created_at, id);
