CREATE TABLE releases (
    escrow_id BLOB PRIMARY KEY REFERENCES escrows (id) CHECK (length(escrow_id) = 16),
    worker_id BLOB NOT NULL REFERENCES members (id) CHECK (length(worker_id) = 16),
    contract_id BLOB NOT NULL REFERENCES contracts (id) CHECK (length(contract_id) = 16),
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    net INTEGER NOT NULL CHECK (net > 0),
    remaining INTEGER NOT NULL CHECK (remaining >= 0 AND remaining <= net),
    released_at INTEGER NOT NULL,
    pay_by TEXT NOT NULL
) STRICT;
CREATE INDEX releases_unpaid ON releases (worker_id, released_at, escrow_id) WHERE remaining > 0;
CREATE INDEX releases_due ON releases (pay_by, escrow_id) WHERE remaining > 0;

-- What was released before: it waits to be paid out as well.
INSERT INTO releases (escrow_id, worker_id, contract_id, currency, net, remaining, released_at, pay_by)
    SELECT escrow_id, worker_id, contract_id, currency, net, net, finished_at,
        date(COALESCE(delivered_at, finished_at) / 1000000, 'unixepoch', '+9 hours', '+59 days')
    FROM milestones WHERE net > 0;

CREATE TABLE bank_accounts (
    member_id BLOB PRIMARY KEY REFERENCES members (id) CHECK (length(member_id) = 16),
    bank_code TEXT NOT NULL CHECK (length(bank_code) = 4),
    branch_code TEXT NOT NULL CHECK (length(branch_code) = 3),
    account_type TEXT NOT NULL CHECK (account_type IN ('ordinary', 'current', 'savings', 'other')),
    number TEXT NOT NULL CHECK (length(number) = 7),
    holder TEXT NOT NULL CHECK (length(holder) BETWEEN 1 AND 30),
    state TEXT NOT NULL CHECK (state IN ('usable', 'failing')),
    failure_reason TEXT CHECK ((failure_reason IS NULL) = (state = 'usable')),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE calendar_overrides (
    day_on TEXT PRIMARY KEY,
    is_business_day INTEGER NOT NULL CHECK (is_business_day IN (0, 1)),
    note TEXT NOT NULL,
    changed_by BLOB NOT NULL REFERENCES members (id) CHECK (length(changed_by) = 16),
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE payout_batches (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    pay_on TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('prepared', 'sent', 'settled')),
    payouts INTEGER NOT NULL CHECK (payouts > 0),
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    total INTEGER NOT NULL CHECK (total > 0),
    prepared_by BLOB NOT NULL REFERENCES members (id) CHECK (length(prepared_by) = 16),
    sent_at INTEGER,
    settled_at INTEGER,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX payout_batches_age ON payout_batches (created_at, id);

CREATE TABLE payouts (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    worker_id BLOB NOT NULL REFERENCES members (id) CHECK (length(worker_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('monthly', 'quick', 'scheduled', 'final')),
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    fee INTEGER NOT NULL CHECK (fee >= 0),
    fee_tax INTEGER NOT NULL CHECK (fee_tax >= 0 AND fee_tax <= fee),
    bank_fee INTEGER NOT NULL CHECK (bank_fee >= 0 AND bank_fee < amount),
    state TEXT NOT NULL CHECK (state IN ('requested', 'held', 'processing', 'paid', 'failed', 'returned', 'canceled')),
    closed_on TEXT,
    pay_on TEXT NOT NULL,
    batch_id BLOB REFERENCES payout_batches (id) CHECK (length(batch_id) = 16),
    bank_account TEXT CHECK (json_valid(bank_account)),
    sent_at INTEGER,
    reason TEXT,
    bank_reference TEXT,
    value_on TEXT,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((batch_id IS NULL) = (bank_account IS NULL)),
    CHECK ((batch_id IS NULL) = (state IN ('requested', 'held', 'canceled'))),
    CHECK ((kind = 'monthly') <= (closed_on IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX payouts_monthly_once ON payouts (worker_id, currency, closed_on) WHERE kind = 'monthly';
CREATE INDEX payouts_worker ON payouts (worker_id, created_at, id);
CREATE INDEX payouts_state ON payouts (state, created_at, id);
CREATE INDEX payouts_due ON payouts (state, pay_on, created_at, id);
CREATE INDEX payouts_pay_on ON payouts (pay_on, created_at, id);
CREATE INDEX payouts_batch ON payouts (batch_id, created_at, id);
CREATE INDEX payouts_age ON payouts (created_at, id);

CREATE TABLE payout_lines (
    payout_id BLOB NOT NULL REFERENCES payouts (id) CHECK (length(payout_id) = 16),
    line INTEGER NOT NULL CHECK (line >= 0),
    escrow_id BLOB NOT NULL REFERENCES releases (escrow_id) CHECK (length(escrow_id) = 16),
    amount INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (payout_id, line),
    UNIQUE (payout_id, escrow_id)
) STRICT;
CREATE INDEX payout_lines_escrow ON payout_lines (escrow_id, payout_id);

CREATE TABLE payout_runs (
    closed_on TEXT PRIMARY KEY,
    pay_on TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done')),
    last_worker_id BLOB CHECK (length(last_worker_id) = 16),
    payouts INTEGER NOT NULL CHECK (payouts >= 0),
    total INTEGER NOT NULL CHECK (total >= 0),
    started_at INTEGER NOT NULL,
    finished_at INTEGER CHECK ((finished_at IS NULL) = (state = 'running'))
) STRICT;
