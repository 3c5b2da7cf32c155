CREATE TABLE jobs (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    client_id BLOB NOT NULL REFERENCES members (id) CHECK (length(client_id) = 16),
    format TEXT NOT NULL CHECK (format IN ('fixed')),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    category TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    budget_min INTEGER CHECK (budget_min > 0),
    budget_max INTEGER CHECK (budget_max >= budget_min),
    length TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'open', 'filled', 'expired', 'canceled')),
    published_at INTEGER,
    expires_at INTEGER,
    applicant_count INTEGER NOT NULL CHECK (applicant_count >= 0),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_state ON jobs (state, created_at, id);
CREATE INDEX jobs_category ON jobs (state, category, created_at, id);
CREATE INDEX jobs_client ON jobs (client_id, created_at, id);

CREATE TABLE proposals (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    job_id BLOB NOT NULL REFERENCES jobs (id) CHECK (length(job_id) = 16),
    client_id BLOB NOT NULL REFERENCES members (id) CHECK (length(client_id) = 16),
    worker_id BLOB NOT NULL REFERENCES members (id) CHECK (length(worker_id) = 16),
    state TEXT NOT NULL CHECK (state IN ('submitted', 'countered', 'set_aside', 'accepted', 'declined', 'retracted', 'expired')),
    round INTEGER NOT NULL CHECK (round >= 1),
    round_by TEXT NOT NULL CHECK (round_by IN ('client', 'worker')),
    terms TEXT NOT NULL CHECK (json_valid(terms)),
    message TEXT NOT NULL,
    respond_by INTEGER,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (client_id <> worker_id)
) STRICT;
CREATE INDEX proposals_job ON proposals (job_id, created_at, id);
CREATE INDEX proposals_worker ON proposals (worker_id, created_at, id);
CREATE INDEX proposals_client ON proposals (client_id, created_at, id);
CREATE UNIQUE INDEX proposals_one_live ON proposals (job_id, worker_id)
    WHERE state IN ('submitted', 'countered', 'set_aside', 'accepted');

CREATE TABLE proposal_rounds (
    proposal_id BLOB NOT NULL REFERENCES proposals (id) CHECK (length(proposal_id) = 16),
    round INTEGER NOT NULL CHECK (round >= 1),
    author TEXT NOT NULL CHECK (author IN ('client', 'worker')),
    terms TEXT NOT NULL CHECK (json_valid(terms)),
    message TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (proposal_id, round)
) STRICT;
