-- How the address is spelled that the token was mailed to: that mailbox is what the token confirms.
ALTER TABLE email_confirmations ADD COLUMN email TEXT;
