-- Whoever has a session in a member's place has scopes, if only none; the member has no need of any.
UPDATE sessions SET scopes = CASE WHEN holder IS NULL THEN NULL ELSE COALESCE(scopes, '') END
WHERE (scopes IS NULL) <> (holder IS NULL);
ALTER TABLE sessions ADD CONSTRAINT sessions_scopes CHECK ((scopes IS NULL) = (holder IS NULL));
