-- SQLite read the payouts of everybody in that state to list those of one worker.
DROP INDEX payouts_worker_state;
CREATE INDEX payouts_worker_state ON payouts (worker_id, state, created_at, id);
