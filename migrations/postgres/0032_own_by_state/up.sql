-- Lists of what is one's own, in one state: SQLite read the disputes of everybody in that state, and whatever else one
-- ever had. Staff list disputes in any state, and receipts of no payment yet; and codes are made worthless by member.
DROP INDEX contracts_client_state;
DROP INDEX contracts_worker_state;
DROP INDEX proposals_client_state;
DROP INDEX proposals_worker_state;
DROP INDEX disputes_client_state;
DROP INDEX disputes_worker_state;
DROP INDEX jobs_client_state;
DROP INDEX bank_receipts_payment;
CREATE INDEX contracts_client_state ON contracts (client_id, state, created_at, id);
CREATE INDEX contracts_worker_state ON contracts (worker_id, state, created_at, id);
CREATE INDEX proposals_client_state ON proposals (client_id, state, created_at, id);
CREATE INDEX proposals_worker_state ON proposals (worker_id, state, created_at, id);
CREATE INDEX disputes_client_state ON disputes (client_id, state, created_at, id);
CREATE INDEX disputes_worker_state ON disputes (worker_id, state, created_at, id);
CREATE INDEX jobs_client_state ON jobs (client_id, state, created_at, id);
CREATE INDEX disputes_age ON disputes (created_at, id);
CREATE INDEX bank_receipts_payment ON bank_receipts (payment_id, created_at, id);
CREATE INDEX authorization_codes_member ON authorization_codes (member_id);
