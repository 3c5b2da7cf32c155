ALTER TABLE contracts DROP COLUMN cancellation_requested;
