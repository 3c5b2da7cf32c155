DROP TABLE proposal_rounds;
DROP TABLE proposals;
DROP TABLE jobs;
