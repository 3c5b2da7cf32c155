DROP TABLE manual_entries;
DROP TABLE audit_log;

-- SQLite cannot change a CHECK: the column is made anew, with what stood in it.
ALTER TABLE members ADD COLUMN role_before TEXT NOT NULL DEFAULT 'member'
    CHECK (role_before IN ('member', 'support', 'finance', 'admin'));
UPDATE members SET role_before = CASE role WHEN 'moderator' THEN 'member' ELSE role END;
ALTER TABLE members DROP COLUMN role;
ALTER TABLE members RENAME COLUMN role_before TO role;
