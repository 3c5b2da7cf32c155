//! How often callers may ask, as settings: one table, from which they are set by default and documented.

/// A setting of this page.
#[derive(Debug, Clone, Copy)]
pub struct LimitSetting {
    /// Its name.
    pub name: &'static str,
    /// What it is unless it is set.
    pub default: &'static str,
    /// What it is, for people.
    pub meaning: &'static str,
}

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> LimitSetting {
    LimitSetting { name, default, meaning }
}

/// What is set about who may ask, from where and how often.
pub const LIMITS: &[LimitSetting] = &[
    setting("reads_per_minute", "6000", "requests of one caller that change nothing, on average, for each replica"),
    setting("writes_per_minute", "1200", "the other requests of one caller, likewise"),
    setting("log_ins_per_minute", "120", "passwords, codes and mailed tokens from one address, likewise"),
    setting(
        "mails_per_minute",
        "60",
        "mails that one address asks for, likewise: joining, a new password, another address",
    ),
    setting("body_wait", "PT10S", "how long a request's head may take to arrive, and then its body"),
    setting(
        "trusted_proxies",
        "",
        "networks of the proxies in front, as in `10.0.0.0/8 2001:db8::/32`; only they are believed for whom they ask",
    ),
    setting(
        "forwarded_header",
        "x_forwarded_for",
        "where they say it: `x_forwarded_for` or `forwarded`; they must not pass on what callers write there",
    ),
    setting(
        "cors_origins",
        "",
        "web apps of other origins whose scripts may call the API, as in `https://app.example https://admin.example`",
    ),
];

/// How many requests of each class a caller may make per minute, on average.
#[derive(Debug, Clone, Copy)]
pub struct LimitSettings {
    /// What changes nothing.
    pub reads: u32,
    /// What changes something.
    pub writes: u32,
    /// Passwords, codes and mailed tokens.
    pub log_ins: u32,
    /// What sends mail.
    pub mails: u32,
}
