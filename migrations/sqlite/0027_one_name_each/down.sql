ALTER TABLE manual_entries RENAME COLUMN decider_id TO decided_by;
ALTER TABLE manual_entries RENAME COLUMN drafter_id TO drafted_by;
ALTER TABLE payout_batches RENAME COLUMN preparer_id TO prepared_by;
ALTER TABLE calendar_overrides RENAME COLUMN author_id TO changed_by;
ALTER TABLE releases RENAME COLUMN payment_due_on TO pay_by;
ALTER TABLE disputes RENAME COLUMN negotiation_ends_at TO negotiate_until;
ALTER TABLE disputes RENAME COLUMN respond_by TO answer_by;
