//! What the API does, one file for each noun or concern.

mod access;
mod bad_input;
mod cancellation;
mod conventions;
mod dispute;
mod events;
mod forgery;
mod idempotency;
mod mail;
mod sandbox;
mod strangers;
mod worklist;
