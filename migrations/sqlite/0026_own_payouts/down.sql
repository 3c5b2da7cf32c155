DROP INDEX payouts_worker_state;
CREATE INDEX payouts_worker_state ON payouts (worker_id, state);
