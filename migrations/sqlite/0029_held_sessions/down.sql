ALTER TABLE sessions RENAME COLUMN scopes TO checked_scopes;
ALTER TABLE sessions ADD COLUMN scopes TEXT;
UPDATE sessions SET scopes = checked_scopes WHERE checked_scopes IS NOT NULL;
ALTER TABLE sessions DROP COLUMN checked_scopes;
