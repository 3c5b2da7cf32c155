CREATE TABLE releases (
    escrow_id uuid PRIMARY KEY REFERENCES escrows (id),
    worker_id uuid NOT NULL REFERENCES members (id),
    contract_id uuid NOT NULL REFERENCES contracts (id),
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    net bigint NOT NULL CHECK (net > 0),
    remaining bigint NOT NULL CHECK (remaining >= 0 AND remaining <= net),
    released_at timestamptz NOT NULL,
    pay_by date NOT NULL
);
CREATE INDEX releases_unpaid ON releases (worker_id, released_at, escrow_id) WHERE remaining > 0;
CREATE INDEX releases_due ON releases (pay_by, escrow_id) WHERE remaining > 0;

-- What was released before: it waits to be paid out as well.
INSERT INTO releases (escrow_id, worker_id, contract_id, currency, net, remaining, released_at, pay_by)
    SELECT escrow_id, worker_id, contract_id, currency, net, net, finished_at,
        (COALESCE(delivered_at, finished_at) AT TIME ZONE 'Asia/Tokyo')::date + 59
    FROM milestones WHERE net > 0;

CREATE TABLE bank_accounts (
    member_id uuid PRIMARY KEY REFERENCES members (id),
    bank_code text NOT NULL CHECK (length(bank_code) = 4),
    branch_code text NOT NULL CHECK (length(branch_code) = 3),
    account_type text NOT NULL CHECK (account_type IN ('ordinary', 'current', 'savings', 'other')),
    number text NOT NULL CHECK (length(number) = 7),
    holder text NOT NULL CHECK (length(holder) BETWEEN 1 AND 30),
    state text NOT NULL CHECK (state IN ('usable', 'failing')),
    failure_reason text CHECK ((failure_reason IS NULL) = (state = 'usable')),
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE calendar_overrides (
    day_on date PRIMARY KEY,
    is_business_day boolean NOT NULL,
    note text NOT NULL,
    changed_by uuid NOT NULL REFERENCES members (id),
    updated_at timestamptz NOT NULL
);

CREATE TABLE payout_batches (
    id uuid PRIMARY KEY,
    pay_on date NOT NULL,
    state text NOT NULL CHECK (state IN ('prepared', 'sent', 'settled')),
    payouts bigint NOT NULL CHECK (payouts > 0),
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    total bigint NOT NULL CHECK (total > 0),
    prepared_by uuid NOT NULL REFERENCES members (id),
    sent_at timestamptz,
    settled_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX payout_batches_age ON payout_batches (created_at, id);

CREATE TABLE payouts (
    id uuid PRIMARY KEY,
    worker_id uuid NOT NULL REFERENCES members (id),
    kind text NOT NULL CHECK (kind IN ('monthly', 'quick', 'scheduled', 'final')),
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount bigint NOT NULL CHECK (amount > 0),
    fee bigint NOT NULL CHECK (fee >= 0),
    fee_tax bigint NOT NULL CHECK (fee_tax >= 0 AND fee_tax <= fee),
    bank_fee bigint NOT NULL CHECK (bank_fee >= 0 AND bank_fee < amount),
    state text NOT NULL CHECK (state IN ('requested', 'held', 'processing', 'paid', 'failed', 'returned', 'canceled')),
    closed_on date,
    pay_on date NOT NULL,
    batch_id uuid REFERENCES payout_batches (id),
    bank_account jsonb,
    sent_at timestamptz,
    reason text,
    bank_reference text,
    value_on date,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((batch_id IS NULL) = (bank_account IS NULL)),
    CHECK ((batch_id IS NULL) = (state IN ('requested', 'held', 'canceled'))),
    CHECK ((kind = 'monthly') <= (closed_on IS NOT NULL))
);
CREATE UNIQUE INDEX payouts_monthly_once ON payouts (worker_id, currency, closed_on) WHERE kind = 'monthly';
CREATE INDEX payouts_worker ON payouts (worker_id, created_at, id);
CREATE INDEX payouts_state ON payouts (state, created_at, id);
CREATE INDEX payouts_due ON payouts (state, pay_on, created_at, id);
CREATE INDEX payouts_pay_on ON payouts (pay_on, created_at, id);
CREATE INDEX payouts_batch ON payouts (batch_id, created_at, id);
CREATE INDEX payouts_age ON payouts (created_at, id);

CREATE TABLE payout_lines (
    payout_id uuid NOT NULL REFERENCES payouts (id),
    line integer NOT NULL CHECK (line >= 0),
    escrow_id uuid NOT NULL REFERENCES releases (escrow_id),
    amount bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (payout_id, line),
    UNIQUE (payout_id, escrow_id)
);
CREATE INDEX payout_lines_escrow ON payout_lines (escrow_id, payout_id);

CREATE TABLE payout_runs (
    closed_on date PRIMARY KEY,
    pay_on date NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done')),
    last_worker_id uuid,
    payouts bigint NOT NULL CHECK (payouts >= 0),
    total bigint NOT NULL CHECK (total >= 0),
    started_at timestamptz NOT NULL,
    finished_at timestamptz CHECK ((finished_at IS NULL) = (state = 'running'))
);
