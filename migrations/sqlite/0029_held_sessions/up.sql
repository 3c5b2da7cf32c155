-- Whoever has a session in a member's place has scopes, if only none; the member has no need of any. A column that is
-- added may check others, and is empty at first; so both are made anew.
ALTER TABLE sessions RENAME COLUMN holder TO old_holder;
ALTER TABLE sessions RENAME COLUMN scopes TO old_scopes;
ALTER TABLE sessions ADD COLUMN holder TEXT CHECK (holder IN ('browser', 'app', 'client', 'key'));
ALTER TABLE sessions ADD COLUMN scopes TEXT CHECK ((scopes IS NULL) = (holder IS NULL));
UPDATE sessions SET holder = old_holder, scopes = COALESCE(old_scopes, '') WHERE old_holder IS NOT NULL;
ALTER TABLE sessions DROP COLUMN old_holder;
ALTER TABLE sessions DROP COLUMN old_scopes;
