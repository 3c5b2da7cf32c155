-- Tells to what secret the database belongs: the id of its first signing key, which is public.
ALTER TABLE instance ADD COLUMN first_key_id text;
