DROP TABLE payout_runs;
DROP TABLE payout_lines;
DROP TABLE payouts;
DROP TABLE payout_batches;
DROP TABLE calendar_overrides;
DROP TABLE bank_accounts;
DROP TABLE releases;
