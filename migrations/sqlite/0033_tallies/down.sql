DROP INDEX tallies_age;
CREATE INDEX guesses_age ON tallies (last_at);
ALTER TABLE tallies RENAME COLUMN times TO failures;
ALTER TABLE tallies RENAME TO guesses;
