//! What the API does, one file for each noun or concern.

mod access;
mod bad_input;
mod cancellation;
mod conventions;
mod dispute;
mod events;
mod failure;
mod fee_quote;
mod forgery;
mod idempotency;
mod job;
mod job_list;
mod mail;
mod outsiders;
mod proposal;
mod proposal_outcome;
mod sandbox;
mod strangers;
mod worklist;
