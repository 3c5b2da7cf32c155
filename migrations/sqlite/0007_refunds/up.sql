CREATE TABLE refunds (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    payment_id BLOB NOT NULL REFERENCES payments (id) CHECK (length(payment_id) = 16),
    client_id BLOB NOT NULL REFERENCES members (id) CHECK (length(client_id) = 16),
    method TEXT NOT NULL CHECK (method IN ('card', 'bank_transfer')),
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('requested', 'settled', 'failed')),
    bank_account TEXT CHECK (json_valid(bank_account)),
    reference TEXT,
    value_on TEXT,
    reason TEXT,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((bank_account IS NULL) = (method = 'card')),
    CHECK ((reference IS NOT NULL) = (state = 'settled')),
    CHECK ((value_on IS NOT NULL) = (state = 'settled')),
    CHECK ((reason IS NOT NULL) = (state = 'failed'))
) STRICT;
CREATE INDEX refunds_payment ON refunds (payment_id, state);
CREATE INDEX refunds_client ON refunds (client_id, created_at, id);
CREATE INDEX refunds_client_state ON refunds (client_id, state, created_at, id);
CREATE INDEX refunds_state ON refunds (state, created_at, id);
CREATE INDEX refunds_age ON refunds (created_at, id);

-- What the sandbox's gateway was told about a card, for what comes after the charge.
ALTER TABLE payments ADD COLUMN card_token TEXT;
