-- Whoever locks a contract must see whether a request to cancel runs on it, also one that was made while they waited for
-- the lock. On PostgreSQL only the locked row itself is read anew after the wait; so it says so.
ALTER TABLE contracts ADD COLUMN cancellation_requested INTEGER NOT NULL DEFAULT 0
    CHECK (cancellation_requested IN (0, 1));
UPDATE contracts SET cancellation_requested = 1
    WHERE id IN (SELECT contract_id FROM cancellation_requests WHERE state = 'requested');
