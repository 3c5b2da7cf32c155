//! Settings, from lowest to highest: defaults, a file, `AZUKARI_*` in the environment, flags.

pub mod duration;
mod fee;
mod limits;
mod networks;
mod rules;
mod social;

use std::{collections::BTreeMap, net::SocketAddr};

use actix_web::http::Uri;
use clap::Args;
use domain::{policy::Role, rules::Rules};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{
    origin::{ForwardedHeader, Proxies},
    secrets::SECRET_BYTES,
};
pub use fee::FeeSettings;
pub use limits::{LIMITS, LimitSetting, LimitSettings};
pub use rules::{RULES, RuleSetting};
pub use social::SocialSettings;

/// Which world an installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// For trying: a test clock, a test mailbox, payments by magic values. No real money, ever.
    Sandbox,
    /// For real money.
    Production,
}

impl Mode {
    /// The name, as stored and as sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }
}

/// How payments by card are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payments {
    /// A gateway of our own that obeys magic values.
    Sandbox,
    /// No cards; clients pay by bank transfer.
    BankTransfer,
}

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `sqlite:PATH` or `postgres://...`.
    pub database_url: SecretString,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Sandbox or production.
    pub mode: Mode,
    /// At least 32 characters that only this installation knows; a sandbox makes its own.
    pub secret: Option<SecretString>,
    /// `smtp://user:password@host:port` or `smtps://...`; without it a sandbox keeps mail in the test mailbox.
    pub smtp_url: Option<SecretString>,
    /// The sender of our mail.
    pub mail_from: String,
    /// Where clients reach us, for links and as the token issuer.
    pub public_url: Option<String>,
    /// How cards are charged.
    pub payments: Option<Payments>,
    /// The version of the terms of use that members agree to.
    pub terms_version: String,
    /// Connections for reading.
    pub readers: u32,
    /// Connections for writing (PostgreSQL; SQLite has one writer).
    pub writers: u32,
    /// How many requests that change nothing one caller may make per minute, on average.
    pub reads_per_minute: u32,
    /// How many other requests one caller may make per minute, on average.
    pub writes_per_minute: u32,
    /// How often passwords, codes and mailed tokens may come from one address per minute, on average.
    pub log_ins_per_minute: u32,
    /// How many mails one address may ask for per minute, on average.
    pub mails_per_minute: u32,
    /// The proxies in front of us, which are believed for whom they ask.
    #[serde(deserialize_with = "networks::read")]
    pub trusted_proxies: Vec<IpNet>,
    /// Where they say it.
    pub forwarded_header: ForwardedHeader,
    /// Web apps of other origins whose scripts may call.
    #[serde(deserialize_with = "networks::read_origins")]
    pub cors_origins: Vec<String>,
    /// How long the head of a request may take to arrive, and then its body.
    #[serde(deserialize_with = "duration::read")]
    pub body_wait: std::time::Duration,
    /// What to log, as in `info,persistence=debug`.
    pub log: String,
    /// Providers by which people may log in.
    #[serde(default)]
    pub social: BTreeMap<String, SocialSettings>,
    /// Under which fees contracts are signed.
    #[serde(default)]
    pub fee: FeeSettings,
    /// The waits and limits that the domain's decisions read.
    #[serde(default, deserialize_with = "rules::read")]
    pub rules: Rules,
}

/// The settings that have a flag; the rest are set by file or environment.
#[derive(Debug, Default, Args)]
pub struct Flags {
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<String>,
    /// The database: sqlite:PATH or `postgres://...` [default: sqlite:azukari.db]
    #[arg(long, value_name = "URL", global = true)]
    database_url: Option<String>,
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", global = true)]
    listen: Option<String>,
    /// sandbox or production [default: sandbox]
    #[arg(long, value_name = "MODE", global = true)]
    mode: Option<String>,
}

/// A setting that stops the start.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Unreadable, unknown or of the wrong kind.
    #[error("settings: {0}")]
    Unreadable(#[from] config::ConfigError),
    /// Understood, but not safe to run with.
    #[error("settings: {0}")]
    Unsafe(String),
}

/// Names beside the settings that share the prefix: the settings file itself, and what the tests are told.
const NOT_SETTINGS: [&str; 2] = ["config", "test_postgres_url"];

/// Whether a name is for something else, such as the staff that a new sandbox prints and the examples log in as: a
/// shell that has it can start a server all the same.
fn is_no_setting(name: &str) -> bool {
    let is_credential = |(who, what): (&str, &str)| {
        let role = who.trim_end_matches(|end: char| end.is_ascii_digit()).parse::<Role>();
        role.is_ok_and(|role| role != Role::Member) && matches!(what, "email" | "password")
    };
    NOT_SETTINGS.contains(&name) || name.split_once('_').is_some_and(is_credential)
}

impl Settings {
    /// Reads all sources and checks what they make together.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub fn load(flags: &Flags) -> Result<Self, SettingsError> {
        Self::read(flags, std::env::vars())
    }

    /// The same with an environment of the caller's choice.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub fn read(flags: &Flags, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        let environment: Vec<(String, String)> = environment
            .into_iter()
            .filter_map(|(name, value)| {
                Some((name.strip_prefix("AZUKARI_")?.to_ascii_lowercase().replace("__", "."), value))
            })
            .collect();
        let file = flags
            .config
            .clone()
            .or_else(|| environment.iter().find(|(name, _)| name == "config").map(|(_, value)| value.clone()));
        let mut builder = config::Config::builder()
            .set_default("database_url", "sqlite:azukari.db")?
            .set_default("listen", "127.0.0.1:8080")?
            .set_default("mode", "sandbox")?
            .set_default("mail_from", "Azukari <no-reply@azukari.example>")?
            .set_default("terms_version", "2026-04-01")?
            .set_default("readers", 8)?
            .set_default("writers", 16)?
            // The dispatcher calls whatever a client sends that is no request an error, so that anybody could fill the log.
            .set_default("log", "info,actix_server=warn,actix_http::h1::dispatcher=off")?;
        for limit in LIMITS {
            builder = builder.set_default(limit.name, limit.default)?;
        }
        if let Some(file) = file {
            builder = builder.add_source(config::File::new(&file, config::FileFormat::Toml));
        }
        for (name, value) in environment.into_iter().filter(|(name, _)| !is_no_setting(name)) {
            builder = builder.set_override(name, value)?;
        }
        let flags = [("database_url", &flags.database_url), ("listen", &flags.listen), ("mode", &flags.mode)];
        for (name, value) in flags {
            builder = builder.set_override_option(name, value.clone())?;
        }
        let settings: Self = builder.build()?.try_deserialize()?;
        settings.check()?;
        Ok(settings)
    }

    /// How cards are charged, given the mode.
    pub fn payments(&self) -> Payments {
        self.payments.unwrap_or(match self.mode {
            Mode::Sandbox => Payments::Sandbox,
            Mode::Production => Payments::BankTransfer,
        })
    }

    /// How often callers may ask.
    pub const fn limits(&self) -> LimitSettings {
        LimitSettings {
            reads: self.reads_per_minute,
            writes: self.writes_per_minute,
            log_ins: self.log_ins_per_minute,
            mails: self.mails_per_minute,
        }
    }

    /// The proxies in front of us.
    pub fn proxies(&self) -> Proxies<'_> {
        Proxies { trusted: &self.trusted_proxies, header: self.forwarded_header }
    }

    /// Where clients reach us.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// Who issues our tokens: where clients reach us if that is set, which production needs.
    pub fn issuer(&self) -> &str {
        self.public_url.as_deref().unwrap_or("azukari-sandbox")
    }

    fn check(&self) -> Result<(), SettingsError> {
        let refuse = |why: &str| Err(SettingsError::Unsafe(why.to_owned()));
        let secret = self.secret.as_ref().map(|secret| secret.expose_secret());
        if secret.is_some_and(|secret| secret.len() < SECRET_BYTES) {
            return refuse("AZUKARI_SECRET must have at least 32 characters");
        }
        if [self.readers, self.writers].contains(&0) {
            return refuse("readers and writers must be at least 1");
        }
        let LimitSettings { reads, writes, log_ins, mails } = self.limits();
        if [reads, writes, log_ins, mails].contains(&0) {
            return refuse(
                "reads_per_minute, writes_per_minute, log_ins_per_minute and mails_per_minute must be at least 1",
            );
        }
        if self.public_url.as_deref().is_some_and(|url| !is_public_url(url, self.mode)) {
            return refuse(
                "AZUKARI_PUBLIC_URL is where clients reach it: https://host, perhaps with a path, without a slash at its end (in a sandbox also http://)",
            );
        }
        if let Some(why) = social::wrong(&self.social, self.mode == Mode::Production) {
            return Err(SettingsError::Unsafe(why));
        }
        if self.mode == Mode::Sandbox {
            return Ok(());
        }
        if secret.is_none() {
            return refuse("production needs AZUKARI_SECRET: at least 32 random characters, kept secret");
        }
        if self.payments() == Payments::Sandbox {
            return refuse("production cannot take sandbox payments; set AZUKARI_PAYMENTS=bank_transfer");
        }
        if self.smtp_url.is_none() {
            return refuse("production needs AZUKARI_SMTP_URL to send mail");
        }
        if self.public_url.is_none() {
            return refuse("production needs AZUKARI_PUBLIC_URL, where clients reach it");
        }
        Ok(())
    }
}

/// Whether this can stand before the path of every link, and as the issuer of tokens (RFC 8414 section 2).
fn is_public_url(url: &str, mode: Mode) -> bool {
    let scheme = url.starts_with("https://") || (mode == Mode::Sandbox && url.starts_with("http://"));
    let plain = !url.ends_with('/') && !url.contains(['?', '#', '@']);
    scheme && plain && url.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()))
}
