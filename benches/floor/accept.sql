-- Accepting a delivered milestone of 10,000 yen: every lasting effect of the request, and nothing else. No session is
-- looked up, no rule is asked, no answer is written for anybody; fee, tax and net are known beforehand.
\set n :client_id * :each + :done
\set done :done + 1
BEGIN;
SELECT t.milestone, t.contract, t.escrow, t.client, t.worker, t.escrow_account, t.earnings_account,
    m.version AS milestone_version, e.version AS escrow_version, c.version AS contract_version
FROM bench_targets t
JOIN contracts c ON c.id = t.contract
JOIN milestones m ON m.id = t.milestone
JOIN escrows e ON e.id = t.escrow
WHERE t.n = :n FOR UPDATE OF c, m, e \gset
UPDATE milestones SET state = 'accepted', worker_share = 10000, fee = 2000, fee_tax = 181, net = 8000,
    auto_accept_at = NULL, finished_at = now(), version = version + 1, updated_at = now()
WHERE id = :milestone AND version = :milestone_version;
UPDATE escrows SET state = 'released', version = version + 1, updated_at = now()
WHERE id = :escrow AND version = :escrow_version;
UPDATE contracts SET released = released + 10000, funding_due_at = now() + interval '3 days',
    version = version + 1, updated_at = now()
WHERE id = :contract AND version = :contract_version;
INSERT INTO releases (escrow_id, worker_id, contract_id, currency, net, remaining, released_at, payment_due_on)
VALUES (:escrow, :worker, :contract, 'JPY', 8000, 8000, now(), CURRENT_DATE + 59);
INSERT INTO journal_entries (id, kind, currency, subject, occurred_at)
VALUES (gen_random_uuid(), 'escrow_released', 'JPY', 'milestone_01m87d2kt7eanvbj4zg1tf1ahe', now())
RETURNING id AS entry \gset
UPDATE ledger_accounts SET balance = balance - 10000, version = version + 1 WHERE id = :escrow_account;
UPDATE ledger_accounts SET balance = balance + 8000, version = version + 1 WHERE id = :earnings_account
RETURNING balance \gset
INSERT INTO postings (entry_id, line, account_id, amount, balance_after)
VALUES (:entry, 0, :escrow_account, 10000, 0), (:entry, 1, :earnings_account, -8000, :balance),
    (:entry, 2, :system_fee, -1819, NULL), (:entry, 3, :consumption_tax, -181, NULL);
DELETE FROM timers WHERE subject = :milestone;
INSERT INTO timers (subject, kind, due_at, attempts, retry_at)
VALUES (:contract, 'funding_due', now() + interval '3 days', 0, now() + interval '3 days');
INSERT INTO events (id, kind, subject, client_id, worker_id, data, occurred_at)
VALUES (gen_random_uuid(), 'milestone.accepted', 'milestone_01m87d2kt7eanvbj4zg1tf1ahe', :client, :worker, '{}', now()),
    (gen_random_uuid(), 'escrow.released', 'milestone_01m87d2kt7eanvbj4zg1tf1ahe', :client, :worker, '{}', now());
INSERT INTO idempotency_keys (caller, idempotency_key, fingerprint, answer, created_at)
VALUES ('member_01m87d2kr7est9wp5yerf6c2vg', 'floor-' || :n, '\x37593661397074756334315f615069747a6b554f41663747',
    jsonb_build_object('status', 200, 'version', 6, 'location', NULL, 'body', repeat('0123456789', 130)), now());
COMMIT;
