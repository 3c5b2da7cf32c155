CREATE TABLE refunds (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments (id),
    client_id uuid NOT NULL REFERENCES members (id),
    method text NOT NULL CHECK (method IN ('card', 'bank_transfer')),
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount bigint NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN ('requested', 'settled', 'failed')),
    bank_account jsonb,
    reference text,
    value_on date,
    reason text,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((bank_account IS NULL) = (method = 'card')),
    CHECK ((reference IS NOT NULL) = (state = 'settled')),
    CHECK ((value_on IS NOT NULL) = (state = 'settled')),
    CHECK ((reason IS NOT NULL) = (state = 'failed'))
);
CREATE INDEX refunds_payment ON refunds (payment_id, state);
CREATE INDEX refunds_client ON refunds (client_id, created_at, id);
CREATE INDEX refunds_client_state ON refunds (client_id, state, created_at, id);
CREATE INDEX refunds_state ON refunds (state, created_at, id);
CREATE INDEX refunds_age ON refunds (created_at, id);

-- What the sandbox's gateway was told about a card, for what comes after the charge.
ALTER TABLE payments ADD COLUMN card_token text;
