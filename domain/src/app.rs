//! Partner apps: what one is called, and where members may be sent back to.

use crate::username;

/// The longest name, in characters.
pub const NAME_MOST: usize = 60;
/// How many redirect URIs an app may have.
pub const REDIRECTS_MOST: usize = 10;
/// The longest redirect URI, in bytes.
pub const REDIRECT_MOST: usize = 500;

/// Why an app cannot be called so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// It could not be shown as it is.
    #[error("a name has 1 to {NAME_MOST} characters, none of which is invisible or turns the direction of writing")]
    Unshowable,
    /// It would pass for the operator's own.
    #[error("a name does not contain Azukari, or what looks like it: members must not take the app for ours")]
    Reserved,
}

/// Checks what an app is to be called. It is shown to members when they decide, so it must look like what it is.
///
/// # Errors
/// [`InvalidName`].
pub fn check_name(name: &str) -> Result<(), InvalidName> {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let fits = (1..=NAME_MOST).contains(&name.chars().count()) && name.trim() == name;
    if !fits || name.chars().any(odd) {
        return Err(InvalidName::Unshowable);
    }
    if username::names_service(name) { Err(InvalidName::Reserved) } else { Ok(()) }
}

/// Why an address cannot be one that members are sent back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRedirect {
    /// Not a place of the app's own.
    #[error("use https, or http to 127.0.0.1 or [::1]")]
    Scheme,
    /// A user before the host, or a host that is none.
    #[error("the host must be a lower-case name, without a user before it")]
    Host,
    /// Something behind `#`.
    #[error("there can be no fragment")]
    Fragment,
    /// A character that does not belong there, no path, or one that climbs.
    #[error("give a plain path of visible ASCII characters, without . or .. in it")]
    Path,
    /// Too long.
    #[error("at most {REDIRECT_MOST} characters")]
    Length,
}

/// Where an authorization response may be sent, as registered (RFC 9700 section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Reads one that is to be registered: https, or http to the reader's own machine (RFC 8252 section 7.3).
    ///
    /// # Errors
    /// [`InvalidRedirect`].
    pub fn parse(text: &str) -> Result<Self, InvalidRedirect> {
        if text.len() > REDIRECT_MOST {
            return Err(InvalidRedirect::Length);
        }
        if text.contains('#') {
            return Err(InvalidRedirect::Fragment);
        }
        let own = Parts::of(text).ok_or(InvalidRedirect::Scheme)?;
        let is_loopback = matches!(own.host, "127.0.0.1" | "[::1]");
        if own.scheme == "http" && !is_loopback {
            return Err(if own.host.contains('@') { InvalidRedirect::Host } else { InvalidRedirect::Scheme });
        }
        let port_is_fine = own.port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        if !(port_is_fine && (is_loopback || is_name(own.host))) {
            return Err(InvalidRedirect::Host);
        }
        if is_plain(own.rest) { Ok(Self(text.to_owned())) } else { Err(InvalidRedirect::Path) }
    }

    /// What was stored once.
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request may name this address: to the letter, but for the port on the reader's own machine, which an app
    /// gets when it starts (RFC 8252 section 7.3).
    pub fn allows(&self, given: &str) -> bool {
        if self.0 == given {
            return true;
        }
        let (Some(own), Ok(given)) = (Parts::of(&self.0), Self::parse(given)) else { return false };
        let Some(theirs) = Parts::of(&given.0) else { return false };
        own.scheme == "http" && theirs.scheme == "http" && own.host == theirs.host && own.rest == theirs.rest
    }
}

struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
    /// From the path on.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (scheme, behind) = text.split_once("://")?;
        if !matches!(scheme, "https" | "http") {
            return None;
        }
        let slash = behind.find(['/', '?']).unwrap_or(behind.len());
        let (authority, rest) = behind.split_at_checked(slash)?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            Some(_) | None => (authority, None),
        };
        Some(Self { scheme, host, port, rest })
    }
}

/// A host by name or number: labels of lower-case letters, digits and hyphens.
fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let inner = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    host.contains('.') && host.split('.').all(is_label)
}

/// A path and perhaps a query (RFC 3986), that means the same to everybody who reads it.
fn is_plain(rest: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&b);
    let path = rest.split('?').next().unwrap_or_default();
    let climbs = path.split('/').any(|part| part == "." || part == "..");
    rest.starts_with('/') && rest.bytes().all(allowed) && !climbs && !path.contains('%')
}
