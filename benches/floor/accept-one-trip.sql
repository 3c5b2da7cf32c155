-- accept.sql in one round trip: the same statements in a pipeline, which cannot keep values between them.
\set n :client_id * :each + :done
\set done :done + 1
\startpipeline
BEGIN;
SELECT c.id FROM bench_targets t
JOIN contracts c ON c.id = t.contract
JOIN milestones m ON m.id = t.milestone
JOIN escrows e ON e.id = t.escrow
WHERE t.n = :n FOR UPDATE OF c, m, e;
UPDATE milestones SET state = 'accepted', worker_share = 10000, fee = 2000, fee_tax = 181, net = 8000,
    auto_accept_at = NULL, finished_at = now(), version = version + 1, updated_at = now()
WHERE id = (SELECT milestone FROM bench_targets WHERE n = :n);
UPDATE escrows SET state = 'released', version = version + 1, updated_at = now()
WHERE id = (SELECT escrow FROM bench_targets WHERE n = :n);
UPDATE contracts SET released = released + 10000, funding_due_at = now() + interval '3 days',
    version = version + 1, updated_at = now()
WHERE id = (SELECT contract FROM bench_targets WHERE n = :n);
INSERT INTO releases (escrow_id, worker_id, contract_id, currency, net, remaining, released_at, payment_due_on)
SELECT escrow, worker, contract, 'JPY', 8000, 8000, now(), CURRENT_DATE + 59 FROM bench_targets WHERE n = :n;
INSERT INTO journal_entries (id, kind, currency, subject, occurred_at)
SELECT milestone, 'escrow_released', 'JPY', 'milestone_01m87d2kt7eanvbj4zg1tf1ahe', now() FROM bench_targets WHERE n = :n;
UPDATE ledger_accounts SET balance = balance - 10000, version = version + 1
WHERE id = (SELECT escrow_account FROM bench_targets WHERE n = :n);
UPDATE ledger_accounts SET balance = balance + 8000, version = version + 1
WHERE id = (SELECT earnings_account FROM bench_targets WHERE n = :n);
INSERT INTO postings (entry_id, line, account_id, amount, balance_after)
SELECT t.milestone, p.line, p.account, p.amount, p.balance
FROM bench_targets t JOIN ledger_accounts a ON a.id = t.earnings_account,
LATERAL (VALUES (0, t.escrow_account, 10000, 0::bigint), (1, t.earnings_account, -8000, a.balance),
    (2, :system_fee::uuid, -1819, NULL), (3, :consumption_tax::uuid, -181, NULL)) AS p (line, account, amount, balance)
WHERE t.n = :n;
DELETE FROM timers WHERE subject = (SELECT milestone FROM bench_targets WHERE n = :n);
INSERT INTO timers (subject, kind, due_at, attempts, retry_at)
SELECT contract, 'funding_due', now() + interval '3 days', 0, now() + interval '3 days' FROM bench_targets WHERE n = :n;
INSERT INTO events (id, kind, subject, client_id, worker_id, data, occurred_at)
SELECT gen_random_uuid(), kind, 'milestone_01m87d2kt7eanvbj4zg1tf1ahe', client, worker, '{}', now()
FROM bench_targets, (VALUES ('milestone.accepted'), ('escrow.released')) AS k (kind) WHERE n = :n;
INSERT INTO idempotency_keys (caller, idempotency_key, fingerprint, answer, created_at)
VALUES ('member_01m87d2kr7est9wp5yerf6c2vg', 'floor-' || :n, '\x37593661397074756334315f615069747a6b554f41663747',
    jsonb_build_object('status', 200, 'version', 6, 'location', NULL, 'body', repeat('0123456789', 130)), now());
COMMIT;
\endpipeline
