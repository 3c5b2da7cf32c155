UPDATE payouts SET bank_reference = return_reference, value_on = returned_on WHERE state = 'returned';
ALTER TABLE payouts DROP COLUMN returned_on;
ALTER TABLE payouts DROP COLUMN return_reference;
