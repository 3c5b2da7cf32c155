CREATE TABLE identities (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    member_id BLOB NOT NULL REFERENCES members (id) CHECK (length(member_id) = 16),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;
CREATE INDEX identities_member ON identities (member_id, created_at, id);

CREATE TABLE social_flows (
    token_hash BLOB PRIMARY KEY,
    provider TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    member_id BLOB REFERENCES members (id) CHECK (length(member_id) = 16),
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX social_flows_age ON social_flows (expires_at);
CREATE INDEX social_flows_member ON social_flows (member_id);
