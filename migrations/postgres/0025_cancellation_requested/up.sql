-- Whoever locks a contract must see whether a request to cancel runs on it, also one that was made while they waited for
-- the lock. On PostgreSQL only the locked row itself is read anew after the wait; so it says so.
ALTER TABLE contracts ADD COLUMN cancellation_requested boolean NOT NULL DEFAULT false;
UPDATE contracts SET cancellation_requested = true
    WHERE id IN (SELECT contract_id FROM cancellation_requests WHERE state = 'requested');
