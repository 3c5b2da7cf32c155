//! The HTTP surface: one file for each noun.

pub mod access;
mod api_key;
mod app;
mod audit_log;
mod balance;
mod bank_account;
mod bank_receipt;
mod business_calendar;
mod cancellation;
mod connection;
mod contract;
mod dispute;
mod email_change;
mod fee_quote;
mod identity;
mod job;
mod ledger;
mod manual_entry;
mod milestone;
mod note;
mod oauth;
mod password;
mod payment;
mod payout;
mod payout_batch;
mod payout_quote;
pub mod platform;
mod preview;
mod proposal;
mod refund;
mod role;
mod sandbox;
mod second_factor;
mod session;
mod social;
mod terms;
mod withdrawal;
mod worklist;

use actix_web::{dev::HttpServiceFactory, web};
use utoipa_actix_web::{OpenApiFactory, service_config::ServiceConfig};

/// Where operations are entered: to be served, which needs no description and is done anew by each thread of a server, or to
/// be described.
pub trait Routes {
    /// Enters one.
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self;
}

/// To be served.
impl Routes for web::ServiceConfig {
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self {
        Self::service(self, operation)
    }
}

/// To be described.
impl Routes for ServiceConfig<'_> {
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self {
        Self::service(self, operation)
    }
}

/// Every operation there is. A path is compared with all before it, so those asked for most come first.
pub fn configure(config: &mut impl Routes) {
    job::configure(config);
    contract::configure(config);
    milestone::configure(config);
    access::configure(config);
    // Before what has an id in that place.
    social::configure(config);
    session::configure(config);
    identity::configure(config);
    password::configure(config);
    email_change::configure(config);
    second_factor::configure(config);
    oauth::configure(config);
    app::configure(config);
    api_key::configure(config);
    connection::configure(config);
    note::configure(config);
    cancellation::configure(config);
    dispute::configure(config);
    payment::configure(config);
    payout::configure(config);
    payout_batch::configure(config);
    payout_quote::configure(config);
    refund::configure(config);
    balance::configure(config);
    bank_account::configure(config);
    bank_receipt::configure(config);
    business_calendar::configure(config);
    ledger::configure(config);
    manual_entry::configure(config);
    audit_log::configure(config);
    role::configure(config);
    withdrawal::configure(config);
    worklist::configure(config);
    proposal::configure(config);
    fee_quote::configure(config);
    platform::configure(config);
    sandbox::configure(config);
}
