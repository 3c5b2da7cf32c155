CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    client_id uuid NOT NULL REFERENCES members (id),
    format text NOT NULL CHECK (format IN ('fixed')),
    title text NOT NULL,
    description text NOT NULL,
    category text NOT NULL,
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    budget_min bigint CHECK (budget_min > 0),
    budget_max bigint CHECK (budget_max >= budget_min),
    length text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'open', 'filled', 'expired', 'canceled')),
    published_at timestamptz,
    expires_at timestamptz,
    applicant_count integer NOT NULL CHECK (applicant_count >= 0),
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX jobs_state ON jobs (state, created_at, id);
CREATE INDEX jobs_category ON jobs (state, category, created_at, id);
CREATE INDEX jobs_client ON jobs (client_id, created_at, id);

CREATE TABLE proposals (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES jobs (id),
    client_id uuid NOT NULL REFERENCES members (id),
    worker_id uuid NOT NULL REFERENCES members (id),
    state text NOT NULL CHECK (state IN ('submitted', 'countered', 'set_aside', 'accepted', 'declined', 'retracted', 'expired')),
    round integer NOT NULL CHECK (round >= 1),
    round_by text NOT NULL CHECK (round_by IN ('client', 'worker')),
    terms jsonb NOT NULL,
    message text NOT NULL,
    respond_by timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (client_id <> worker_id)
);
CREATE INDEX proposals_job ON proposals (job_id, created_at, id);
CREATE INDEX proposals_worker ON proposals (worker_id, created_at, id);
CREATE INDEX proposals_client ON proposals (client_id, created_at, id);
CREATE UNIQUE INDEX proposals_one_live ON proposals (job_id, worker_id)
    WHERE state IN ('submitted', 'countered', 'set_aside', 'accepted');

CREATE TABLE proposal_rounds (
    proposal_id uuid NOT NULL REFERENCES proposals (id),
    round integer NOT NULL CHECK (round >= 1),
    author text NOT NULL CHECK (author IN ('client', 'worker')),
    terms jsonb NOT NULL,
    message text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (proposal_id, round)
);
