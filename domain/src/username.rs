//! Usernames: handles that members choose once, and that nobody can be mistaken for (domain rules, section 6; Unicode
//! Technical Standard 39).

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection, skeleton};

/// The fewest characters.
pub const LEAST: usize = 3;
/// The most characters.
pub const MOST: usize = 30;

/// Names that would pass for the operator, or for a place of the API.
const RESERVED: [&str; 34] = [
    "about",
    "abuse",
    "account",
    "admin",
    "administrator",
    "anonymous",
    "api",
    "billing",
    "contact",
    "deleted",
    "demo",
    "finance",
    "help",
    "helpdesk",
    "hostmaster",
    "info",
    "legal",
    "mail",
    "me",
    "mod",
    "moderator",
    "no-reply",
    "noreply",
    "null",
    "official",
    "operator",
    "postmaster",
    "root",
    "security",
    "staff",
    "support",
    "system",
    "undefined",
    "webmaster",
];

/// No name may begin with this.
const SERVICE: &str = "azukari";

/// A username in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

/// Why a username was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsername {
    /// Too short or too long.
    #[error("has {LEAST} to {MOST} characters")]
    Length,
    /// Characters that names are not made of.
    #[error("is letters and digits, with single hyphens, dots or underscores between them")]
    Characters,
    /// Letters of scripts that are not written together.
    #[error("mixes scripts that are not written together")]
    MixedScripts,
    /// It would pass for the operator.
    #[error("is reserved")]
    Reserved,
}

impl Username {
    /// Reads a name: compatibility variants and letter case make no difference.
    ///
    /// # Errors
    /// [`InvalidUsername`] says why not.
    pub fn parse(text: &str) -> Result<Self, InvalidUsername> {
        // Cut before the work, because one character may become many.
        let name = folded(&text.chars().take(MOST + 1).collect::<String>());
        if !(LEAST..=MOST).contains(&name.chars().count()) {
            return Err(InvalidUsername::Length);
        }
        let parts_are_words = name.split(['-', '.', '_']).all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) || c == 'ー')
        });
        if !parts_are_words || !name.chars().all(GeneralSecurityProfile::identifier_allowed) {
            return Err(InvalidUsername::Characters);
        }
        if !name.as_str().check_restriction_level(RestrictionLevel::HighlyRestrictive) {
            return Err(InvalidUsername::MixedScripts);
        }
        let username = Self(name);
        if username.is_reserved() { Err(InvalidUsername::Reserved) } else { Ok(username) }
    }

    /// A name that was given before: rules that came later do not take it away.
    pub const fn stored(name: String) -> Self {
        Self(name)
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What all names look like that this one could be mistaken for; it belongs to one member for ever.
    pub fn skeleton(&self) -> String {
        looks(&self.0)
    }

    fn is_reserved(&self) -> bool {
        let own = self.skeleton();
        let bare = |name: &str| name.replace(['-', '.', '_'], "");
        bare(&own).starts_with(&looks(SERVICE)) || RESERVED.iter().any(|name| bare(&looks(name)) == bare(&own))
    }
}

/// Whether a text names the operator's service anywhere, or what could be mistaken for it, whatever stands between its
/// letters.
pub(crate) fn names_service(text: &str) -> bool {
    let bare = |text: &str| looks(text).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    // In capitals as well: a Greek capital can look like one of ours when its small letter does not.
    let spellings = [text.nfkc().collect(), folded(text)].map(|text: String| bare(&text));
    let own = [SERVICE.to_owned(), SERVICE.to_uppercase()].map(|name| bare(&name));
    spellings.iter().any(|text| own.iter().any(|name| text.contains(name)))
}

fn folded(text: &str) -> String {
    text.nfkc().default_case_fold().nfkc().collect()
}

/// The skeleton of UTS 39, in which capital letters are folded again: it makes an O of a zero.
fn looks(name: &str) -> String {
    let once: String = skeleton(name).collect();
    skeleton(&once.to_lowercase()).collect::<String>().to_lowercase()
}
