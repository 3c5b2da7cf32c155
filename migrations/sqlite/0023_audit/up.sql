-- SQLite cannot change a CHECK: the column is made anew, with what stood in it.
ALTER TABLE members ADD COLUMN role_anew TEXT NOT NULL DEFAULT 'member'
    CHECK (role_anew IN ('member', 'support', 'moderator', 'finance', 'admin'));
UPDATE members SET role_anew = role;
ALTER TABLE members DROP COLUMN role;
ALTER TABLE members RENAME COLUMN role_anew TO role;

CREATE TABLE audit_log (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    actor_id BLOB REFERENCES members (id) CHECK (length(actor_id) = 16),
    actor_role TEXT NOT NULL CHECK (actor_role IN ('support', 'moderator', 'finance', 'admin', 'console')),
    operation TEXT NOT NULL,
    resource TEXT NOT NULL,
    client_id BLOB REFERENCES members (id) CHECK (length(client_id) = 16),
    worker_id BLOB REFERENCES members (id) CHECK (length(worker_id) = 16),
    reason TEXT,
    state_before TEXT CHECK (json_valid(state_before)),
    state_after TEXT CHECK (json_valid(state_after)),
    request_id TEXT,
    created_at INTEGER NOT NULL,
    CHECK ((actor_id IS NULL) = (actor_role = 'console'))
) STRICT;
CREATE INDEX audit_log_age ON audit_log (created_at, id);
CREATE INDEX audit_log_actor ON audit_log (actor_id, created_at, id);
CREATE INDEX audit_log_client ON audit_log (client_id, created_at, id);
CREATE INDEX audit_log_worker ON audit_log (worker_id, created_at, id);
CREATE INDEX audit_log_operation ON audit_log (operation, created_at, id);
CREATE INDEX audit_log_resource ON audit_log (resource, created_at, id);
CREATE TRIGGER audit_log_append_only_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_log_append_only_delete BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;

CREATE TABLE manual_entries (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    state TEXT NOT NULL CHECK (state IN ('drafted', 'posted', 'rejected')),
    currency TEXT NOT NULL CHECK (currency IN ('JPY', 'USD')),
    lines TEXT NOT NULL CHECK (json_valid(lines)),
    reason TEXT NOT NULL,
    drafted_by BLOB NOT NULL REFERENCES members (id) CHECK (length(drafted_by) = 16),
    decided_by BLOB REFERENCES members (id) CHECK (length(decided_by) = 16),
    refusal TEXT,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((decided_by IS NULL) = (state = 'drafted')),
    CHECK ((refusal IS NOT NULL) = (state = 'rejected')),
    CHECK (decided_by <> drafted_by)
) STRICT;
CREATE INDEX manual_entries_age ON manual_entries (created_at, id);
CREATE INDEX manual_entries_state ON manual_entries (state, created_at, id);
