ALTER TABLE instance DROP COLUMN first_key_id;
