//! What every request shares.

use domain::{fee::FeeSchedule, rules::Rules};
use persistence::store::Store;
use tokio::sync::Notify;

use crate::{auth::Tokens, config::Settings, limits::Limits, social::Providers, uses::Uses};

/// The application: settings, store and keys. Nothing in it is needed by another replica.
#[derive(Debug)]
pub struct App {
    /// How it was started.
    pub settings: Settings,
    /// The database.
    pub store: Store,
    /// Issues and checks access tokens.
    pub tokens: Tokens,
    /// How often callers may ask.
    pub limits: Limits,
    /// When apps and keys were used, until it is written down.
    pub uses: Uses,
    /// Who vouches for people.
    pub providers: Providers,
    /// What contracts that are signed now are under.
    pub fees: FeeSchedule,
    /// The numbers that the domain's decisions read.
    pub rules: Rules,
    /// Told when the database has gone to another secret, with which nothing must be signed or believed any more.
    pub disowned: Notify,
}
