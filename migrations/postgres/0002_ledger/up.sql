CREATE TABLE ledger_accounts (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    owner uuid,
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    balance bigint CHECK (balance >= 0),
    reserved bigint NOT NULL CHECK (reserved >= 0 AND (reserved = 0 OR reserved <= balance)),
    version integer NOT NULL
);
CREATE INDEX ledger_accounts_owner ON ledger_accounts (owner, kind);

CREATE TABLE journal_entries (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    subject text NOT NULL,
    reverses uuid REFERENCES journal_entries (id),
    occurred_at timestamptz NOT NULL
);
CREATE INDEX journal_entries_subject ON journal_entries (subject);
CREATE UNIQUE INDEX journal_entries_reversed_once ON journal_entries (reverses);

CREATE TABLE postings (
    entry_id uuid NOT NULL REFERENCES journal_entries (id),
    line integer NOT NULL CHECK (line >= 0),
    account_id uuid NOT NULL REFERENCES ledger_accounts (id),
    amount bigint NOT NULL CHECK (amount <> 0),
    balance_after bigint,
    PRIMARY KEY (entry_id, line)
);
CREATE INDEX postings_account ON postings (account_id, entry_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER postings_append_only BEFORE UPDATE OR DELETE ON postings
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_not_deleted BEFORE DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_append_only BEFORE UPDATE OF id, kind, subject, client_id, worker_id, data, occurred_at ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_numbered_once BEFORE UPDATE OF number ON events
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION refuse_change();
