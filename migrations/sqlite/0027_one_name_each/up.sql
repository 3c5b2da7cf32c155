-- One way to name moments, days and people: as the answers do.
ALTER TABLE disputes RENAME COLUMN answer_by TO respond_by;
ALTER TABLE disputes RENAME COLUMN negotiate_until TO negotiation_ends_at;
ALTER TABLE releases RENAME COLUMN pay_by TO payment_due_on;
ALTER TABLE calendar_overrides RENAME COLUMN changed_by TO author_id;
ALTER TABLE payout_batches RENAME COLUMN prepared_by TO preparer_id;
ALTER TABLE manual_entries RENAME COLUMN drafted_by TO drafter_id;
ALTER TABLE manual_entries RENAME COLUMN decided_by TO decider_id;
