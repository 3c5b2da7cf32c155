CREATE TABLE contracts (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    job_id BLOB NOT NULL REFERENCES jobs (id) CHECK (length(job_id) = 16),
    proposal_id BLOB NOT NULL UNIQUE REFERENCES proposals (id) CHECK (length(proposal_id) = 16),
    client_id BLOB NOT NULL REFERENCES members (id) CHECK (length(client_id) = 16),
    worker_id BLOB NOT NULL REFERENCES members (id) CHECK (length(worker_id) = 16),
    title TEXT NOT NULL,
    scope TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    terms TEXT NOT NULL CHECK (json_valid(terms)),
    terms_version INTEGER NOT NULL CHECK (terms_version >= 1),
    fee_schedule TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('agreed', 'active', 'paused', 'ended', 'lapsed')),
    released INTEGER NOT NULL CHECK (released >= 0),
    funding_due_at INTEGER,
    lapse_at INTEGER,
    paused_at INTEGER,
    ended_at INTEGER,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (client_id <> worker_id)
) STRICT;
CREATE INDEX contracts_client ON contracts (client_id, created_at, id);
CREATE INDEX contracts_worker ON contracts (worker_id, created_at, id);
CREATE INDEX contracts_job ON contracts (job_id);

CREATE TABLE milestones (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    contract_id BLOB NOT NULL REFERENCES contracts (id) CHECK (length(contract_id) = 16),
    client_id BLOB NOT NULL REFERENCES members (id) CHECK (length(client_id) = 16),
    worker_id BLOB NOT NULL REFERENCES members (id) CHECK (length(worker_id) = 16),
    escrow_id BLOB NOT NULL UNIQUE CHECK (length(escrow_id) = 16),
    position INTEGER NOT NULL CHECK (position >= 1),
    title TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    due_on TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('planned', 'funding', 'funded', 'delivered', 'changes_requested', 'disputed', 'accepted', 'canceled')),
    reserved INTEGER NOT NULL CHECK (reserved >= 0 AND reserved <= amount),
    revision_rounds INTEGER NOT NULL CHECK (revision_rounds >= 0),
    revision_limit INTEGER NOT NULL CHECK (revision_limit >= 0),
    acceptance_days INTEGER NOT NULL CHECK (acceptance_days > 0),
    delivery_id BLOB CHECK (length(delivery_id) = 16),
    worker_share INTEGER CHECK (worker_share >= 0 AND worker_share <= amount),
    fee INTEGER CHECK (fee >= 0),
    fee_tax INTEGER CHECK (fee_tax >= 0),
    net INTEGER CHECK (net >= 0),
    auto_accept_at INTEGER,
    funding_expires_at INTEGER,
    funded_at INTEGER,
    delivered_at INTEGER,
    finished_at INTEGER,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (contract_id, position)
) STRICT;
CREATE INDEX milestones_state ON milestones (state, due_on, id);

CREATE TABLE escrows (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    milestone_id BLOB NOT NULL UNIQUE REFERENCES milestones (id) CHECK (length(milestone_id) = 16),
    client_id BLOB NOT NULL REFERENCES members (id) CHECK (length(client_id) = 16),
    worker_id BLOB NOT NULL REFERENCES members (id) CHECK (length(worker_id) = 16),
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('unfunded', 'funded', 'released', 'refunded', 'split', 'void')),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE deliveries (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    milestone_id BLOB NOT NULL REFERENCES milestones (id) CHECK (length(milestone_id) = 16),
    message TEXT NOT NULL,
    links TEXT NOT NULL CHECK (json_valid(links)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_milestone ON deliveries (milestone_id, created_at, id);

CREATE TABLE change_requests (
    milestone_id BLOB NOT NULL REFERENCES milestones (id) CHECK (length(milestone_id) = 16),
    round INTEGER NOT NULL CHECK (round >= 1),
    delivery_id BLOB NOT NULL REFERENCES deliveries (id) CHECK (length(delivery_id) = 16),
    reason TEXT NOT NULL,
    due_on TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (milestone_id, round)
) STRICT;

CREATE TABLE payments (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    contract_id BLOB NOT NULL REFERENCES contracts (id) CHECK (length(contract_id) = 16),
    milestone_id BLOB NOT NULL REFERENCES milestones (id) CHECK (length(milestone_id) = 16),
    client_id BLOB NOT NULL REFERENCES members (id) CHECK (length(client_id) = 16),
    method TEXT NOT NULL CHECK (method IN ('card', 'bank_transfer')),
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    received INTEGER NOT NULL CHECK (received >= 0),
    state TEXT NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed', 'expired')),
    transfer_reference TEXT UNIQUE,
    failure_code TEXT,
    expires_at INTEGER,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX payments_milestone ON payments (milestone_id, created_at, id);
CREATE INDEX payments_client ON payments (client_id, created_at, id);

CREATE TABLE bank_receipts (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    bank_reference TEXT NOT NULL UNIQUE,
    transfer_reference TEXT,
    sender TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    received_on TEXT NOT NULL,
    payment_id BLOB REFERENCES payments (id) CHECK (length(payment_id) = 16),
    recorded_by BLOB NOT NULL REFERENCES members (id) CHECK (length(recorded_by) = 16),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bank_receipts_payment ON bank_receipts (payment_id);
CREATE INDEX bank_receipts_age ON bank_receipts (created_at, id);

CREATE TABLE progress_notes (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    contract_id BLOB NOT NULL REFERENCES contracts (id) CHECK (length(contract_id) = 16),
    milestone_id BLOB REFERENCES milestones (id) CHECK (length(milestone_id) = 16),
    author_id BLOB NOT NULL REFERENCES members (id) CHECK (length(author_id) = 16),
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX progress_notes_contract ON progress_notes (contract_id, created_at, id);

CREATE TABLE cancellation_requests (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    contract_id BLOB NOT NULL REFERENCES contracts (id) CHECK (length(contract_id) = 16),
    requested_by TEXT NOT NULL CHECK (requested_by IN ('client', 'worker')),
    reason TEXT NOT NULL,
    shares TEXT NOT NULL CHECK (json_valid(shares)),
    state TEXT NOT NULL CHECK (state IN ('requested', 'consented', 'refused', 'retracted', 'lapsed')),
    respond_by INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX cancellation_requests_contract ON cancellation_requests (contract_id, created_at, id);
CREATE UNIQUE INDEX cancellation_requests_one_live ON cancellation_requests (contract_id) WHERE state = 'requested';

CREATE TABLE disputes (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    contract_id BLOB NOT NULL REFERENCES contracts (id) CHECK (length(contract_id) = 16),
    milestone_id BLOB NOT NULL UNIQUE REFERENCES milestones (id) CHECK (length(milestone_id) = 16),
    client_id BLOB NOT NULL REFERENCES members (id) CHECK (length(client_id) = 16),
    worker_id BLOB NOT NULL REFERENCES members (id) CHECK (length(worker_id) = 16),
    opened_by TEXT NOT NULL CHECK (opened_by IN ('client', 'worker')),
    reason TEXT NOT NULL,
    claim TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    held INTEGER NOT NULL CHECK (held > 0),
    answer TEXT,
    offer_by TEXT CHECK (offer_by IN ('client', 'worker')),
    offer_share INTEGER CHECK (offer_share >= 0 AND offer_share <= held),
    ruling_by BLOB REFERENCES members (id) CHECK (length(ruling_by) = 16),
    ruling_share INTEGER CHECK (ruling_share >= 0 AND ruling_share <= held),
    ruling_reasoning TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'negotiating', 'mediation', 'settled', 'ruled')),
    owner_id BLOB REFERENCES members (id) CHECK (length(owner_id) = 16),
    answer_by INTEGER,
    negotiate_until INTEGER,
    escalate_at INTEGER,
    escalated_at INTEGER,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((offer_by IS NULL) = (offer_share IS NULL)),
    CHECK ((ruling_by IS NULL) = (ruling_share IS NULL) AND (ruling_by IS NULL) = (ruling_reasoning IS NULL))
) STRICT;
CREATE INDEX disputes_contract ON disputes (contract_id, created_at, id);
CREATE INDEX disputes_client ON disputes (client_id, created_at, id);
CREATE INDEX disputes_worker ON disputes (worker_id, created_at, id);
CREATE INDEX disputes_state ON disputes (state, created_at, id);
