//! Providers of social log-in, each a group below `social`.

use std::collections::{BTreeMap, BTreeSet};

use openidconnect::IssuerUrl;
use secrecy::SecretString;
use serde::Deserialize;

/// One provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocialSettings {
    /// What people know it by.
    pub name: String,
    /// Its issuer identifier, as its discovery document spells it.
    pub issuer: IssuerUrl,
    /// Who we are there.
    pub client_id: String,
    /// What proves it.
    pub client_secret: SecretString,
    /// Where it may send people back to, with spaces between. No other provider has any of these: so what comes back
    /// from one is never taken for another's (RFC 9700 section 4.4.2).
    pub redirect_uris: String,
    /// What is asked for beside `openid`.
    #[serde(default = "usual_scopes")]
    pub scopes: String,
}

fn usual_scopes() -> String {
    "email".to_owned()
}

impl SocialSettings {
    /// Whether it may send people back there.
    pub fn knows(&self, redirect_uri: &str) -> bool {
        self.redirect_uris.split_whitespace().any(|known| known == redirect_uri)
    }
}

/// What is wrong with these providers together, if anything is.
pub(super) fn wrong(all: &BTreeMap<String, SocialSettings>, production: bool) -> Option<String> {
    let mut seen = BTreeSet::new();
    for (id, one) in all {
        if production && one.issuer.url().scheme() != "https" {
            return Some(format!("social.{id}.issuer must be reached by https in production"));
        }
        let mut own = one.redirect_uris.split_whitespace().peekable();
        if own.peek().is_none() {
            return Some(format!("social.{id}.redirect_uris must name where people come back to"));
        }
        for place in own {
            if openidconnect::RedirectUrl::new(place.to_owned()).is_err() || place.contains('#') {
                return Some(format!("social.{id}.redirect_uris: {place:?} is no address to come back to"));
            }
            if !seen.insert(place) {
                return Some(format!(
                    "social.{id}.redirect_uris: {place:?} is named twice; each provider needs its own"
                ));
            }
        }
    }
    None
}
