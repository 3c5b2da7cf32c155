-- Finds the termination fees of contracts: for SQLite, which would rather read all escrows, once somebody has run ANALYZE.
-- PostgreSQL finds them by the unique key of this column, too; the index stands here so that there is one schema.
CREATE UNIQUE INDEX escrows_termination_fee ON escrows (contract_id) WHERE contract_id IS NOT NULL;
