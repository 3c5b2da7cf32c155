ALTER TABLE members DROP CONSTRAINT members_role_check;
ALTER TABLE members ADD CONSTRAINT members_role_check
    CHECK (role IN ('member', 'support', 'moderator', 'finance', 'admin'));

CREATE TABLE audit_log (
    id uuid PRIMARY KEY,
    actor_id uuid REFERENCES members (id),
    actor_role text NOT NULL CHECK (actor_role IN ('support', 'moderator', 'finance', 'admin', 'console')),
    operation text NOT NULL,
    resource text NOT NULL,
    client_id uuid REFERENCES members (id),
    worker_id uuid REFERENCES members (id),
    reason text,
    state_before jsonb,
    state_after jsonb,
    request_id text,
    created_at timestamptz NOT NULL,
    CHECK ((actor_id IS NULL) = (actor_role = 'console'))
);
CREATE INDEX audit_log_age ON audit_log (created_at, id);
CREATE INDEX audit_log_actor ON audit_log (actor_id, created_at, id);
CREATE INDEX audit_log_client ON audit_log (client_id, created_at, id);
CREATE INDEX audit_log_worker ON audit_log (worker_id, created_at, id);
CREATE INDEX audit_log_operation ON audit_log (operation, created_at, id);
CREATE INDEX audit_log_resource ON audit_log (resource, created_at, id);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE manual_entries (
    id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('drafted', 'posted', 'rejected')),
    currency text NOT NULL CHECK (currency IN ('JPY', 'USD')),
    lines jsonb NOT NULL,
    reason text NOT NULL,
    drafted_by uuid NOT NULL REFERENCES members (id),
    decided_by uuid REFERENCES members (id),
    refusal text,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((decided_by IS NULL) = (state = 'drafted')),
    CHECK ((refusal IS NOT NULL) = (state = 'rejected')),
    CHECK (decided_by <> drafted_by)
);
CREATE INDEX manual_entries_age ON manual_entries (created_at, id);
CREATE INDEX manual_entries_state ON manual_entries (state, created_at, id);
