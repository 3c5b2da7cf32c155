ALTER TABLE contracts DROP COLUMN ending;

DELETE FROM escrows WHERE milestone_id IS NULL;
ALTER TABLE escrows DROP CONSTRAINT escrows_purpose;
ALTER TABLE escrows DROP COLUMN net;
ALTER TABLE escrows DROP COLUMN fee_tax;
ALTER TABLE escrows DROP COLUMN fee;
ALTER TABLE escrows DROP COLUMN contract_id;
ALTER TABLE escrows ALTER COLUMN milestone_id SET NOT NULL;

ALTER TABLE milestones DROP CONSTRAINT milestones_reserved;
ALTER TABLE milestones ADD CONSTRAINT milestones_check CHECK (reserved >= 0 AND reserved <= amount);
ALTER TABLE milestones DROP COLUMN termination_fee_due;
