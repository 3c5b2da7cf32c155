DROP TRIGGER events_numbered_once;
DROP TRIGGER events_append_only;
DROP TRIGGER events_not_deleted;
DROP TABLE postings;
DROP TABLE journal_entries;
DROP TABLE ledger_accounts;
