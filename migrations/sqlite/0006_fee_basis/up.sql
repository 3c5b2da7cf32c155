CREATE TABLE relations (
    client_id BLOB NOT NULL REFERENCES members (id) CHECK (length(client_id) = 16),
    worker_id BLOB NOT NULL REFERENCES members (id) CHECK (length(worker_id) = 16),
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    released INTEGER NOT NULL CHECK (released >= 0),
    PRIMARY KEY (client_id, worker_id, currency),
    CHECK (client_id <> worker_id)
) STRICT;
