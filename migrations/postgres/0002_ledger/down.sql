DROP TRIGGER events_numbered_once ON events;
DROP TRIGGER events_append_only ON events;
DROP TRIGGER events_not_deleted ON events;
DROP TABLE postings;
DROP TABLE journal_entries;
DROP TABLE ledger_accounts;
DROP FUNCTION refuse_change;
