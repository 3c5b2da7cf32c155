-- What ended long ago is found by its age. An index for the reference to sessions, so that none is looked for in all codes.
CREATE INDEX sessions_age ON sessions (expires_at);
CREATE INDEX email_confirmations_age ON email_confirmations (expires_at);
CREATE INDEX authorization_codes_session ON authorization_codes (session_id) WHERE session_id IS NOT NULL;

-- A device is remembered from its last log-in on, not from its first.
ALTER TABLE devices RENAME COLUMN created_at TO seen_at;
UPDATE devices SET seen_at = COALESCE(
    (SELECT MAX(s.created_at) FROM sessions s
     WHERE s.member_id = devices.member_id AND s.device_hash = devices.token_hash),
    seen_at
);
CREATE INDEX devices_age ON devices (seen_at);

-- Few members are staff.
CREATE INDEX members_staff ON members (created_at, id) WHERE role <> 'member';

-- What nothing reads: sessions_list begins with the member as well, and few entries reverse another.
DROP INDEX sessions_member;
DROP INDEX journal_entries_subject;
DROP INDEX journal_entries_reversed_once;
CREATE UNIQUE INDEX journal_entries_reversed_once ON journal_entries (reverses) WHERE reverses IS NOT NULL;
ALTER TABLE instance DROP COLUMN version;
