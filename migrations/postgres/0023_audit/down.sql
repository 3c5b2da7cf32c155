DROP TABLE manual_entries;
DROP TABLE audit_log;

UPDATE members SET role = 'member' WHERE role = 'moderator';
ALTER TABLE members DROP CONSTRAINT members_role_check;
ALTER TABLE members ADD CONSTRAINT members_role_check CHECK (role IN ('member', 'support', 'finance', 'admin'));
