//! What the API does, one file for each noun or concern.

mod access;
mod bad_input;
mod balance;
mod bank_receipt;
mod cancellation;
mod contract;
mod conventions;
mod dispute;
mod events;
mod failure;
mod fee_quote;
mod forgery;
mod funding;
mod idempotency;
mod job;
mod job_list;
mod mail;
mod milestone;
mod note;
mod outsiders;
mod proposal;
mod proposal_outcome;
mod races;
mod sandbox;
mod strangers;
mod worklist;
