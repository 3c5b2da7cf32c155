UPDATE timers SET kind = 'auto_accept_reminder_72h' WHERE kind = 'first_reminder';
UPDATE timers SET kind = 'auto_accept_reminder_24h' WHERE kind = 'second_reminder';
