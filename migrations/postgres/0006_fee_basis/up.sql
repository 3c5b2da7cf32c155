CREATE TABLE relations (
    client_id uuid NOT NULL REFERENCES members (id),
    worker_id uuid NOT NULL REFERENCES members (id),
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    released bigint NOT NULL CHECK (released >= 0),
    PRIMARY KEY (client_id, worker_id, currency),
    CHECK (client_id <> worker_id)
);
