-- What the floors choose by number, on either engine: contracts whose first milestone is delivered.
CREATE TABLE bench_targets AS
SELECT row_number() OVER (ORDER BY m.id) - 1 AS n, m.id AS milestone, c.id AS contract, e.id AS escrow,
    c.client_id AS client, c.worker_id AS worker, held.id AS escrow_account, earned.id AS earnings_account
FROM milestones m
JOIN contracts c ON c.id = m.contract_id
JOIN escrows e ON e.milestone_id = m.id
JOIN ledger_accounts held ON held.owner = e.id
JOIN ledger_accounts earned ON earned.owner = c.worker_id AND earned.kind = 'earnings'
WHERE m.state = 'delivered';
CREATE UNIQUE INDEX bench_targets_n ON bench_targets (n);
