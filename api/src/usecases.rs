//! One function for each thing that can be done: it reads under lock, lets the domain decide, and writes.

pub mod access;
pub mod bank_account;
pub mod bank_receipt;
pub mod business_calendar;
pub mod cancellation;
pub mod commit;
pub mod contract;
pub mod dispute;
pub mod fee;
pub mod funding;
pub mod job;
pub mod member;
pub mod milestone;
pub mod payout;
pub mod payout_batch;
pub mod payout_run;
pub mod platform;
pub mod proposal;
pub mod refund;
pub mod withdrawal;
pub mod work;
pub mod worklist;
