-- Finds the termination fees of contracts. The unique key of this column counts the many escrows without a contract, too,
-- so that SQLite, once somebody has run ANALYZE, would rather read all escrows.
CREATE UNIQUE INDEX escrows_termination_fee ON escrows (contract_id) WHERE contract_id IS NOT NULL;
