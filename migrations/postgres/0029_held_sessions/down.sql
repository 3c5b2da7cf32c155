ALTER TABLE sessions DROP CONSTRAINT sessions_scopes;
