ALTER TABLE payments DROP COLUMN card_token;
DROP TABLE refunds;
