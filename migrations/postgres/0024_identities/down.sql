DROP TABLE social_flows;
DROP TABLE identities;
