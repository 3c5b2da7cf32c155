ALTER TABLE milestones ADD COLUMN termination_fee_due bigint NOT NULL DEFAULT 0 CHECK (termination_fee_due >= 0);
ALTER TABLE milestones ALTER COLUMN termination_fee_due DROP DEFAULT;
ALTER TABLE milestones DROP CONSTRAINT milestones_check;
ALTER TABLE milestones ADD CONSTRAINT milestones_reserved CHECK (reserved >= 0 AND reserved <= amount + termination_fee_due);

ALTER TABLE escrows ALTER COLUMN milestone_id DROP NOT NULL;
ALTER TABLE escrows ADD COLUMN contract_id uuid UNIQUE REFERENCES contracts (id);
ALTER TABLE escrows ADD COLUMN fee bigint CHECK (fee >= 0);
ALTER TABLE escrows ADD COLUMN fee_tax bigint CHECK (fee_tax >= 0);
ALTER TABLE escrows ADD COLUMN net bigint CHECK (net >= 0);
ALTER TABLE escrows ADD CONSTRAINT escrows_purpose CHECK ((milestone_id IS NULL) <> (contract_id IS NULL));

ALTER TABLE contracts ADD COLUMN ending text NOT NULL DEFAULT 'completed' CHECK (ending IN ('completed', 'by_client'));
