//! Passwords: which ones may be chosen (NIST SP 800-63B-4, section 3.1.1.2). No rule says of which characters.

use unicode_normalization::UnicodeNormalization;
use zxcvbn::zxcvbn;

/// The fewest characters of a password that stands alone.
pub const LEAST: usize = 15;
/// The fewest characters of a password beside a second factor.
pub const LEAST_WITH_FACTOR: usize = 8;
/// The most characters.
pub const MOST: usize = 128;

/// So many guesses find what is refused; eight random characters take ten times as many.
const EASY: u64 = 10_000_000;

/// What must not be most of a password here: what the service is called.
const SERVICE: &str = "azukari";

/// A password that may be chosen, in its one spelling.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Why a password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer characters than needed.
    #[error("needs at least {least} characters")]
    TooShort {
        /// How many are needed.
        least: usize,
    },
    /// More characters than are taken.
    #[error("takes at most {MOST} characters")]
    TooLong,
    /// Common, known from breaches, a pattern, or little more than the own name.
    #[error("is easy to guess: common, a pattern, or made of your own name or address")]
    Guessable,
}

/// A password as it is hashed and compared: however a keyboard composes its characters, it is the same one (NFKC).
pub fn spelled(text: &str) -> String {
    text.nfkc().collect()
}

impl Password {
    /// A password somebody chooses. `context` is what says who they are: address, names.
    ///
    /// # Errors
    /// [`WeakPassword`] says why not.
    pub fn choose(text: &str, second_factor: bool, context: &[&str]) -> Result<Self, WeakPassword> {
        let password = spelled(text);
        let least = if second_factor { LEAST_WITH_FACTOR } else { LEAST };
        match password.chars().count() {
            length if length < least => Err(WeakPassword::TooShort { least }),
            length if length > MOST => Err(WeakPassword::TooLong),
            _ if is_guessable(&password, context) => Err(WeakPassword::Guessable),
            _ => Ok(Self(password)),
        }
    }

    /// The characters, to be hashed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it only suffices beside a second factor.
    pub fn is_short(&self) -> bool {
        self.0.chars().count() < LEAST
    }
}

/// Whether fewer than [`EASY`] guesses find it, by a list of 30,000 breached passwords and of common words and names, in
/// other spellings as well, by keyboard rows, sequences and repetitions, and by what is known of its owner.
fn is_guessable(password: &str, context: &[&str]) -> bool {
    let words = context.iter().flat_map(|told| told.split(|c: char| !c.is_alphanumeric()).chain([*told]));
    let mut known: Vec<String> = words.chain([SERVICE]).map(|word| spelled(word).to_lowercase()).collect();
    known.retain(|word| word.chars().count() >= 3);
    // The longest first, so that no part of it is left over.
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    zxcvbn(password, &known).guesses() < EASY || is_mostly(password, &known)
}

/// Whether little is left of a password without these words.
fn is_mostly(password: &str, known: &[&str]) -> bool {
    let whole = password.to_lowercase();
    let rest = known.iter().fold(whole.clone(), |rest, word| rest.replace(word, ""));
    rest != whole && rest.chars().filter(|c| c.is_alphanumeric()).count() < LEAST_WITH_FACTOR
}
