ALTER TABLE payouts ADD COLUMN return_reference text;
ALTER TABLE payouts ADD COLUMN returned_on date;

-- Until now a return was written over the transfer that it brought back.
UPDATE payouts SET return_reference = bank_reference, returned_on = value_on, bank_reference = NULL, value_on = NULL
    WHERE state = 'returned';
