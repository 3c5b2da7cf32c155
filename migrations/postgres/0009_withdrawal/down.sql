DROP INDEX mails_age;
DROP INDEX contracts_client_state;
DROP INDEX contracts_worker_state;
DROP INDEX proposals_client_state;
DROP INDEX proposals_worker_state;
DROP INDEX disputes_client_state;
DROP INDEX disputes_worker_state;
DROP INDEX jobs_client_state;
DROP INDEX payouts_worker_state;
DROP TABLE tombstones;
DROP TABLE withdrawals;

UPDATE members SET state = 'active' WHERE state IN ('closing', 'closed');
ALTER TABLE members DROP CONSTRAINT members_state_check;
ALTER TABLE members ADD CONSTRAINT members_state_check CHECK (state IN ('pending', 'active'));
