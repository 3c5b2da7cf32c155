DROP TABLE api_keys;
DROP TABLE authorization_codes;
DROP TABLE connections;
DROP INDEX sessions_app;
ALTER TABLE sessions DROP COLUMN used_at;
ALTER TABLE sessions DROP COLUMN scopes;
ALTER TABLE sessions DROP COLUMN app_id;
ALTER TABLE sessions DROP COLUMN holder;
DROP TABLE apps;
