//! Where a worker's money goes: an account at a Japanese bank, by its form (domain rules, section 8).

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};

use crate::{decision::Decision, event::EventKind, ids::MemberId, kana::KanaName, names};

names! {
    /// The kind of an account.
    pub enum AccountType {
        /// 普通
        Ordinary = "ordinary",
        /// 当座
        Current = "current",
        /// 貯蓄
        Savings = "savings",
        /// その他
        Other = "other",
    }
}

names! {
    /// Whether payouts reach the account.
    pub enum BankAccountState {
        /// As far as anybody knows.
        Usable = "usable",
        /// The bank refused a payout to it: nothing is paid until it is corrected.
        Failing = "failing",
    }
}

/// A number of exactly so many digits, not all of them zero, kept as it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits<const LENGTH: usize>([u8; LENGTH]);

/// The number of a bank, as in `0036`.
pub type BankCode = Digits<4>;
/// The number of a branch, as in `101`.
pub type BranchCode = Digits<3>;
/// The number of an account, as in `1234567`.
pub type AccountNumber = Digits<7>;

/// Japan Post Bank, whose accounts carry a symbol and a number of their own.
pub const JAPAN_POST: BankCode = Digits::of(*b"9900");

/// Why something is no account at a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBankAccount {
    /// Other than digits, or not as many as it takes.
    #[error("must be exactly {0} digits")]
    Digits(usize),
    /// An account number is filled up with zeros, but must not be longer.
    #[error("must be 1 to 7 digits")]
    Number,
    /// Nothing has the number of nothing.
    #[error("must not be zeros only")]
    Zeros,
    /// Not the symbol of an account at Japan Post Bank.
    #[error("must be 5 digits that begin with 1 and end with 0")]
    Symbol,
    /// Not the number of an account at Japan Post Bank.
    #[error("must be 2 to 8 digits that end with 1")]
    PostNumber,
}

impl<const LENGTH: usize> Digits<LENGTH> {
    /// Digits that are known to be some.
    pub(crate) const fn of(digits: [u8; LENGTH]) -> Self {
        Self(digits)
    }

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const LENGTH: usize> FromStr for Digits<LENGTH> {
    type Err = InvalidBankAccount;

    fn from_str(text: &str) -> Result<Self, InvalidBankAccount> {
        let digits =
            text.as_bytes().try_into().ok().filter(|bytes: &[u8; LENGTH]| bytes.iter().all(u8::is_ascii_digit));
        let digits = digits.ok_or(InvalidBankAccount::Digits(LENGTH))?;
        if digits.iter().all(|digit| *digit == b'0') { Err(InvalidBankAccount::Zeros) } else { Ok(Self(digits)) }
    }
}

impl<const LENGTH: usize> fmt::Display for Digits<LENGTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const LENGTH: usize> fmt::Debug for Digits<LENGTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An account, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDetails {
    /// The bank.
    pub bank: BankCode,
    /// Its branch.
    pub branch: BranchCode,
    /// What kind of account.
    pub account_type: AccountType,
    /// Its number.
    pub number: AccountNumber,
    /// Whose it is, as banks write it.
    pub holder: KanaName,
}

impl AccountNumber {
    /// Reads a number as people write it: banks fill it up to seven digits with zeros in front.
    ///
    /// # Errors
    /// Other than 1 to 7 digits, or zeros only.
    pub fn filled(text: &str) -> Result<Self, InvalidBankAccount> {
        if !(1..=7).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidBankAccount::Number);
        }
        format!("{text:0>7}").parse()
    }
}

impl AccountDetails {
    /// Enough of it to know which account is meant, and no more.
    pub fn hint(&self) -> String {
        format!("{}-{} ****{}", self.bank, self.branch, self.number.as_str().get(4..).unwrap_or_default())
    }

    /// An account at Japan Post Bank by its symbol and number (記号・番号), as other banks reach it.
    ///
    /// # Errors
    /// Not the form of a symbol, or of a number.
    pub fn japan_post(symbol: &str, number: &str, holder: KanaName) -> Result<Self, InvalidBankAccount> {
        let symbol: Digits<5> = symbol.parse().map_err(|_| InvalidBankAccount::Symbol)?;
        let branch = match symbol.0 {
            [b'1', tens, units, _, b'0'] => Digits([tens, units, b'8']),
            _ => return Err(InvalidBankAccount::Symbol),
        };
        let known = (2..=8).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.strip_suffix('1').filter(|_| known).ok_or(InvalidBankAccount::PostNumber)?;
        let number = AccountNumber::filled(number).map_err(|_| InvalidBankAccount::PostNumber)?;
        Ok(Self { bank: JAPAN_POST, branch, account_type: AccountType::Ordinary, number, holder })
    }
}

/// A member's account at a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankAccount {
    /// Whose payouts go there.
    pub member: MemberId,
    /// Which account.
    pub details: AccountDetails,
    /// Whether payouts reach it.
    pub state: BankAccountState,
    /// What the bank said, while they don't.
    pub failure_reason: Option<String>,
    /// How often it was written.
    pub version: i32,
    /// When it was first named.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl BankAccount {
    /// The first account that a member names.
    pub fn first(member: MemberId, version: i32, details: AccountDetails, now: DateTime<Utc>) -> Decision<Self> {
        let state = BankAccountState::Usable;
        let account = Self { member, details, state, failure_reason: None, version, created_at: now, updated_at: now };
        Decision::new(account, EventKind::BankAccountChanged)
    }

    /// The member corrects it, or names another: payouts go there from now on. None if nothing would change; to name
    /// an account again that the bank has refused is to say that it is right.
    pub fn change(&self, details: AccountDetails, now: DateTime<Utc>) -> Option<Decision<Self>> {
        if self.details == details && self.is_usable() {
            return None;
        }
        let state = BankAccountState::Usable;
        let account = Self { details, state, failure_reason: None, updated_at: now, ..self.clone() };
        Some(Decision::new(account, EventKind::BankAccountChanged))
    }

    /// The bank refused a payout to these details. If they are still the member's, nothing more is paid there.
    pub fn fail(&self, refused: &AccountDetails, reason: &str, now: DateTime<Utc>) -> Option<Decision<Self>> {
        let state = BankAccountState::Failing;
        let failing = Self { state, failure_reason: Some(reason.to_owned()), updated_at: now, ..self.clone() };
        (self.details == *refused).then(|| Decision::new(failing, EventKind::BankAccountFailed))
    }

    /// Whether payouts can go there.
    pub fn is_usable(&self) -> bool {
        self.state == BankAccountState::Usable
    }
}
