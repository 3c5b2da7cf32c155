ALTER TABLE email_confirmations DROP COLUMN email;
