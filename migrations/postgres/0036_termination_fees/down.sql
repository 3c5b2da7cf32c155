DROP INDEX escrows_termination_fee;
