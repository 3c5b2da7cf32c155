-- How long before automatic acceptance they come is a setting.
UPDATE timers SET kind = 'first_reminder' WHERE kind = 'auto_accept_reminder_72h';
UPDATE timers SET kind = 'second_reminder' WHERE kind = 'auto_accept_reminder_24h';
