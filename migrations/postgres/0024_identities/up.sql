CREATE TABLE identities (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members (id),
    issuer text NOT NULL,
    subject text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_member ON identities (member_id, created_at, id);

CREATE TABLE social_flows (
    token_hash bytea PRIMARY KEY,
    provider text NOT NULL,
    redirect_uri text NOT NULL,
    member_id uuid REFERENCES members (id),
    expires_at timestamptz NOT NULL
);
CREATE INDEX social_flows_age ON social_flows (expires_at);
CREATE INDEX social_flows_member ON social_flows (member_id);
