-- One contract, and its milestones with their escrows: two statements.
\set n random(0, :targets - 1)
SELECT * FROM contracts WHERE id = (SELECT contract FROM bench_targets WHERE n = :n);
SELECT * FROM milestones m JOIN escrows e ON e.milestone_id = m.id
WHERE m.contract_id = (SELECT contract FROM bench_targets WHERE n = :n) ORDER BY m.position;
