//! The rules of Azukari, pure: no storage, no network, no clock, no randomness.
//!
//! Each noun has one file with its states, its actions and its table; its decisions stand there, too, or in files below it.
//! A decision takes what was read, what is asked and the time, and answers with what is to be written. Comments name the
//! domain rules by their section.

pub mod actor;
pub mod app;
pub mod bank_account;
pub mod bank_receipt;
pub mod business_calendar;
pub mod calendar;
pub mod cancellation;
pub mod category;
pub mod contract;
pub mod decision;
pub mod dispute;
pub mod escrow;
pub mod event;
pub mod fee;
pub mod guessing;
pub mod ids;
pub mod job;
pub mod kana;
pub mod ledger;
pub mod machine;
pub mod manual_entry;
pub mod member;
pub mod milestone;
pub mod money;
pub mod names;
pub mod password;
pub mod payment;
pub mod payout;
pub mod payout_batch;
pub mod policy;
pub mod proposal;
pub mod refund;
pub mod release;
pub mod rules;
pub mod scope;
pub mod settlement;
pub mod states;
pub mod terms;
pub mod timer;
pub mod username;
pub mod withdrawal;
