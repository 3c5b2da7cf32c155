CREATE TABLE contracts (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES jobs (id),
    proposal_id uuid NOT NULL UNIQUE REFERENCES proposals (id),
    client_id uuid NOT NULL REFERENCES members (id),
    worker_id uuid NOT NULL REFERENCES members (id),
    title text NOT NULL,
    scope text NOT NULL,
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    terms jsonb NOT NULL,
    terms_version integer NOT NULL CHECK (terms_version >= 1),
    fee_schedule text NOT NULL,
    state text NOT NULL CHECK (state IN ('agreed', 'active', 'paused', 'ended', 'lapsed')),
    released bigint NOT NULL CHECK (released >= 0),
    funding_due_at timestamptz,
    lapse_at timestamptz,
    paused_at timestamptz,
    ended_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (client_id <> worker_id)
);
CREATE INDEX contracts_client ON contracts (client_id, created_at, id);
CREATE INDEX contracts_worker ON contracts (worker_id, created_at, id);
CREATE INDEX contracts_job ON contracts (job_id);

CREATE TABLE milestones (
    id uuid PRIMARY KEY,
    contract_id uuid NOT NULL REFERENCES contracts (id),
    client_id uuid NOT NULL REFERENCES members (id),
    worker_id uuid NOT NULL REFERENCES members (id),
    escrow_id uuid NOT NULL UNIQUE,
    position integer NOT NULL CHECK (position >= 1),
    title text NOT NULL,
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount bigint NOT NULL CHECK (amount > 0),
    due_on date NOT NULL,
    state text NOT NULL CHECK (state IN
        ('planned', 'funding', 'funded', 'delivered', 'changes_requested', 'disputed', 'accepted', 'canceled')),
    reserved bigint NOT NULL CHECK (reserved >= 0 AND reserved <= amount),
    revision_rounds integer NOT NULL CHECK (revision_rounds >= 0),
    revision_limit integer NOT NULL CHECK (revision_limit >= 0),
    acceptance_days integer NOT NULL CHECK (acceptance_days > 0),
    delivery_id uuid,
    worker_share bigint CHECK (worker_share >= 0 AND worker_share <= amount),
    fee bigint CHECK (fee >= 0),
    fee_tax bigint CHECK (fee_tax >= 0),
    net bigint CHECK (net >= 0),
    auto_accept_at timestamptz,
    funding_expires_at timestamptz,
    funded_at timestamptz,
    delivered_at timestamptz,
    finished_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (contract_id, position)
);
CREATE INDEX milestones_state ON milestones (state, due_on, id);

CREATE TABLE escrows (
    id uuid PRIMARY KEY,
    milestone_id uuid NOT NULL UNIQUE REFERENCES milestones (id),
    client_id uuid NOT NULL REFERENCES members (id),
    worker_id uuid NOT NULL REFERENCES members (id),
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount bigint NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN ('unfunded', 'funded', 'released', 'refunded', 'split', 'void')),
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    milestone_id uuid NOT NULL REFERENCES milestones (id),
    message text NOT NULL,
    links jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX deliveries_milestone ON deliveries (milestone_id, created_at, id);

CREATE TABLE change_requests (
    milestone_id uuid NOT NULL REFERENCES milestones (id),
    round integer NOT NULL CHECK (round >= 1),
    delivery_id uuid NOT NULL REFERENCES deliveries (id),
    reason text NOT NULL,
    due_on date NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (milestone_id, round)
);

CREATE TABLE payments (
    id uuid PRIMARY KEY,
    contract_id uuid NOT NULL REFERENCES contracts (id),
    milestone_id uuid NOT NULL REFERENCES milestones (id),
    client_id uuid NOT NULL REFERENCES members (id),
    method text NOT NULL CHECK (method IN ('card', 'bank_transfer')),
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount bigint NOT NULL CHECK (amount > 0),
    received bigint NOT NULL CHECK (received >= 0),
    state text NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed', 'expired')),
    transfer_reference text UNIQUE,
    failure_code text,
    expires_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX payments_milestone ON payments (milestone_id, created_at, id);
CREATE INDEX payments_client ON payments (client_id, created_at, id);

CREATE TABLE bank_receipts (
    id uuid PRIMARY KEY,
    bank_reference text NOT NULL UNIQUE,
    transfer_reference text,
    sender text NOT NULL,
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount bigint NOT NULL CHECK (amount > 0),
    received_on date NOT NULL,
    payment_id uuid REFERENCES payments (id),
    recorded_by uuid NOT NULL REFERENCES members (id),
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX bank_receipts_payment ON bank_receipts (payment_id);
CREATE INDEX bank_receipts_age ON bank_receipts (created_at, id);

CREATE TABLE progress_notes (
    id uuid PRIMARY KEY,
    contract_id uuid NOT NULL REFERENCES contracts (id),
    milestone_id uuid REFERENCES milestones (id),
    author_id uuid NOT NULL REFERENCES members (id),
    body text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX progress_notes_contract ON progress_notes (contract_id, created_at, id);

CREATE TABLE cancellation_requests (
    id uuid PRIMARY KEY,
    contract_id uuid NOT NULL REFERENCES contracts (id),
    requested_by text NOT NULL CHECK (requested_by IN ('client', 'worker')),
    reason text NOT NULL,
    shares jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'consented', 'refused', 'retracted', 'lapsed')),
    respond_by timestamptz NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX cancellation_requests_contract ON cancellation_requests (contract_id, created_at, id);
CREATE UNIQUE INDEX cancellation_requests_one_live ON cancellation_requests (contract_id) WHERE state = 'requested';

CREATE TABLE disputes (
    id uuid PRIMARY KEY,
    contract_id uuid NOT NULL REFERENCES contracts (id),
    milestone_id uuid NOT NULL UNIQUE REFERENCES milestones (id),
    client_id uuid NOT NULL REFERENCES members (id),
    worker_id uuid NOT NULL REFERENCES members (id),
    opened_by text NOT NULL CHECK (opened_by IN ('client', 'worker')),
    reason text NOT NULL,
    claim text NOT NULL,
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    held bigint NOT NULL CHECK (held > 0),
    answer text,
    offer_by text CHECK (offer_by IN ('client', 'worker')),
    offer_share bigint CHECK (offer_share >= 0 AND offer_share <= held),
    ruling_by uuid REFERENCES members (id),
    ruling_share bigint CHECK (ruling_share >= 0 AND ruling_share <= held),
    ruling_reasoning text,
    state text NOT NULL CHECK (state IN ('open', 'negotiating', 'mediation', 'settled', 'ruled')),
    owner_id uuid REFERENCES members (id),
    answer_by timestamptz,
    negotiate_until timestamptz,
    escalate_at timestamptz,
    escalated_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((offer_by IS NULL) = (offer_share IS NULL)),
    CHECK ((ruling_by IS NULL) = (ruling_share IS NULL) AND (ruling_by IS NULL) = (ruling_reasoning IS NULL))
);
CREATE INDEX disputes_contract ON disputes (contract_id, created_at, id);
CREATE INDEX disputes_client ON disputes (client_id, created_at, id);
CREATE INDEX disputes_worker ON disputes (worker_id, created_at, id);
CREATE INDEX disputes_state ON disputes (state, created_at, id);
