//! What an e-mail address is to us, wherever it comes from.

use garde::rules::email::parse_email;

/// The longest, in bytes (RFC 5321 section 4.5.3.1.3, without the brackets).
pub const MOST: usize = 254;

/// Whether somebody can register with it.
pub fn is_address(text: &str) -> bool {
    text.len() <= MOST && parse_email(text).is_ok()
}
