CREATE TABLE ledger_accounts (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL,
    owner BLOB CHECK (length(owner) = 16),
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    balance INTEGER CHECK (balance >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0 AND (reserved = 0 OR reserved <= balance)),
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_accounts_owner ON ledger_accounts (owner, kind);

CREATE TABLE journal_entries (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    subject TEXT NOT NULL,
    reverses BLOB REFERENCES journal_entries (id) CHECK (length(reverses) = 16),
    occurred_at INTEGER NOT NULL
) STRICT;
CREATE INDEX journal_entries_subject ON journal_entries (subject);
CREATE UNIQUE INDEX journal_entries_reversed_once ON journal_entries (reverses);

CREATE TABLE postings (
    entry_id BLOB NOT NULL REFERENCES journal_entries (id) CHECK (length(entry_id) = 16),
    line INTEGER NOT NULL CHECK (line >= 0),
    account_id BLOB NOT NULL REFERENCES ledger_accounts (id) CHECK (length(account_id) = 16),
    amount INTEGER NOT NULL CHECK (amount <> 0),
    balance_after INTEGER,
    PRIMARY KEY (entry_id, line)
) STRICT;
CREATE INDEX postings_account ON postings (account_id, entry_id);

CREATE TRIGGER journal_entries_append_only_update BEFORE UPDATE ON journal_entries
BEGIN
    SELECT RAISE(ABORT, 'journal_entries is append-only');
END;
CREATE TRIGGER journal_entries_append_only_delete BEFORE DELETE ON journal_entries
BEGIN
    SELECT RAISE(ABORT, 'journal_entries is append-only');
END;
CREATE TRIGGER postings_append_only_update BEFORE UPDATE ON postings
BEGIN
    SELECT RAISE(ABORT, 'postings is append-only');
END;
CREATE TRIGGER postings_append_only_delete BEFORE DELETE ON postings
BEGIN
    SELECT RAISE(ABORT, 'postings is append-only');
END;
CREATE TRIGGER events_not_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events is append-only');
END;
CREATE TRIGGER events_append_only BEFORE UPDATE OF id, kind, subject, client_id, worker_id, data, occurred_at ON events
BEGIN
    SELECT RAISE(ABORT, 'events is append-only');
END;
CREATE TRIGGER events_numbered_once BEFORE UPDATE OF number ON events
WHEN (OLD.number IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'events is append-only');
END;
