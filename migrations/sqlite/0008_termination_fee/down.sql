ALTER TABLE contracts DROP COLUMN ending;

-- SQLite cannot change a CHECK: the tables are made anew, with their rows.
PRAGMA defer_foreign_keys = ON;

CREATE TABLE escrows_copy AS SELECT * FROM escrows;
DROP TABLE escrows;
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
INSERT INTO escrows (id, milestone_id, client_id, worker_id, currency, amount, state, version, created_at, updated_at)
    SELECT id, milestone_id, client_id, worker_id, currency, amount, state, version, created_at, updated_at FROM escrows_copy WHERE milestone_id IS NOT NULL;
DROP TABLE escrows_copy;

CREATE TABLE milestones_copy AS SELECT * FROM milestones;
DROP TABLE milestones;
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
INSERT INTO milestones (id, contract_id, client_id, worker_id, escrow_id, position, title, currency, amount, due_on, state, reserved, revision_rounds, revision_limit, acceptance_days, delivery_id, worker_share, fee, fee_tax, net, auto_accept_at, funding_expires_at, funded_at, delivered_at, finished_at, version, created_at, updated_at)
    SELECT id, contract_id, client_id, worker_id, escrow_id, position, title, currency, amount, due_on, state, reserved, revision_rounds, revision_limit, acceptance_days, delivery_id, worker_share, fee, fee_tax, net, auto_accept_at, funding_expires_at, funded_at, delivered_at, finished_at, version, created_at, updated_at FROM milestones_copy;
DROP TABLE milestones_copy;
