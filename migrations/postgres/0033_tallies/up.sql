-- Not only guesses are counted there.
ALTER TABLE guesses RENAME TO tallies;
ALTER TABLE tallies RENAME COLUMN failures TO times;
DROP INDEX guesses_age;
CREATE INDEX tallies_age ON tallies (last_at);
