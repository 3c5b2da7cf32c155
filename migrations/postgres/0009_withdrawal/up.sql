ALTER TABLE members DROP CONSTRAINT members_state_check;
ALTER TABLE members ADD CONSTRAINT members_state_check CHECK (state IN ('pending', 'active', 'closing', 'closed'));

CREATE TABLE withdrawals (
    member_id uuid PRIMARY KEY REFERENCES members (id),
    reason text,
    comment text,
    acknowledged jsonb NOT NULL,
    requested_at timestamptz NOT NULL,
    completed_at timestamptz
);

CREATE TABLE tombstones (
    member_id uuid PRIMARY KEY REFERENCES members (id),
    email_hash bytea NOT NULL,
    left_at timestamptz NOT NULL,
    readmitted_at timestamptz
);
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
