//! The rules as sentences. One binary, so that it links once.

#[cfg(test)]
mod access;
#[cfg(test)]
mod bank_account;
mod bank_receipt;
#[cfg(test)]
mod business_calendar;
#[cfg(test)]
mod cancellation;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod dispute;
#[cfg(test)]
mod fee;
#[cfg(test)]
mod job;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod machines;
#[cfg(test)]
mod manual_entry;
#[cfg(test)]
mod member;
#[cfg(test)]
mod milestone;
#[cfg(test)]
mod payment;
#[cfg(test)]
mod payout;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod proposal;
#[cfg(test)]
mod refund;
#[cfg(test)]
mod release;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod termination;
#[cfg(test)]
mod terms;
#[cfg(test)]
mod walk;
#[cfg(test)]
mod withdrawal;
