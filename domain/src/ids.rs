//! Typed identifiers, written as [TypeID](https://github.com/jetify-com/typeid/tree/main/spec) 0.3:
//! a prefix that names the kind, and a UUIDv7 in Crockford base32.

use std::{cmp::Ordering, fmt, hash, marker::PhantomData, str::FromStr};

use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SUFFIX_LENGTH: usize = 26;

/// What an [`Id`] identifies.
pub trait Kind {
    /// The TypeID prefix.
    const PREFIX: &'static str;
}

/// An identifier of one kind of thing.
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

impl<K> Id<K> {
    /// Wraps a UUID that is known to name a `K`.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The UUID inside.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

/// Why a text is not the identifier that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Right form, wrong kind of thing.
    #[error("expected an id that starts with {expected:?}, found {found:?}")]
    WrongPrefix { expected: &'static str, found: String },
    /// Not an id at all.
    #[error("expected {expected:?}, an underscore and 26 characters of lower-case base32")]
    Malformed { expected: &'static str },
}

impl<K: Kind> FromStr for Id<K> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let malformed = || InvalidId::Malformed { expected: K::PREFIX };
        let (prefix, suffix) = text.rsplit_once('_').ok_or_else(malformed)?;
        let uuid = decode(suffix).ok_or_else(malformed)?;
        if prefix != K::PREFIX {
            return Err(InvalidId::WrongPrefix { expected: K::PREFIX, found: prefix.to_owned() });
        }
        Ok(Self::from_uuid(uuid))
    }
}

/// 128 bits, two leading zero bits, five bits a character.
fn decode(suffix: &str) -> Option<Uuid> {
    if suffix.len() != SUFFIX_LENGTH || !suffix.starts_with(|first: char| ('0'..='7').contains(&first)) {
        return None;
    }
    suffix
        .bytes()
        .try_fold(0_u128, |bits, byte| {
            let digit = ALPHABET.iter().position(|known| *known == byte)?;
            Some((bits << 5) | u128::try_from(digit).ok()?)
        })
        .map(Uuid::from_u128)
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(K::PREFIX)?;
        f.write_str("_")?;
        // In one piece: each id of an answer is written so.
        f.write_str(str::from_utf8(&encode(self.0)).map_err(|_| fmt::Error)?)
    }
}

fn encode(uuid: Uuid) -> [u8; SUFFIX_LENGTH] {
    let mut bits = uuid.as_u128();
    let mut suffix = [b'0'; SUFFIX_LENGTH];
    for character in suffix.iter_mut().rev() {
        *character = usize::try_from(bits & 31).ok().and_then(|digit| ALPHABET.get(digit)).copied().unwrap_or(b'0');
        bits >>= 5;
    }
    suffix
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> Copy for Id<K> {}
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> hash::Hash for Id<K> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

macro_rules! kinds {
    ($($kind:ident $alias:ident $prefix:literal;)+) => {$(
        #[doc = concat!("The kind of `", $prefix, "_...` ids.")]
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        #[doc = concat!("`", $prefix, "_...`")]
        pub type $alias = Id<$kind>;
    )+

        /// Every prefix in use; no two kinds share one.
        pub const PREFIXES: &[&str] = &[$($prefix),+];
    };
}

kinds! {
    MemberKind MemberId "member";
    SessionKind SessionId "session";
    IdentityKind IdentityId "identity";
    JobKind JobId "job";
    ProposalKind ProposalId "proposal";
    ContractKind ContractId "contract";
    MilestoneKind MilestoneId "milestone";
    DeliveryKind DeliveryId "delivery";
    EscrowKind EscrowId "escrow";
    PaymentKind PaymentId "payment";
    BankReceiptKind BankReceiptId "receipt";
    CancellationRequestKind CancellationRequestId "cancellation";
    DisputeKind DisputeId "dispute";
    ProgressNoteKind ProgressNoteId "note";
    JournalEntryKind JournalEntryId "entry";
    PayoutKind PayoutId "payout";
    PayoutBatchKind PayoutBatchId "batch";
    RefundKind RefundId "refund";
    CampaignKind CampaignId "campaign";
    EventKind EventId "event";
    MailKind MailId "mail";
    ManualEntryKind ManualEntryId "manual";
    AuditRecordKind AuditRecordId "audit";
    AppKind AppId "app";
    ApiKeyKind ApiKeyId "key";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_typeid_specification_hold() {
        let uuid: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let id = JobId::from_uuid(uuid);
        assert_eq!(id.to_string(), "job_01h455vb4pex5vsknk084sn02q");
        assert_eq!("job_01h455vb4pex5vsknk084sn02q".parse::<JobId>().unwrap(), id);
        assert_eq!(JobId::from_uuid(Uuid::max()).to_string(), "job_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert_eq!(JobId::from_uuid(Uuid::nil()).to_string(), "job_00000000000000000000000000");
    }

    #[test]
    fn a_wrong_prefix_says_which_was_expected() {
        let refused = "job_01h455vb4pex5vsknk084sn02q".parse::<ContractId>();
        assert_eq!(refused, Err(InvalidId::WrongPrefix { expected: "contract", found: "job".into() }));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "job",
            "job_",
            "job_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "job_01h455vb4pex5vsknk084sn02",
            "job_01H455VB4PEX5VSKNK084SN02Q",
            "job_01h455vb4pex5vsknk084sn02u",
            "job_01h455vb4pex5vsknk084sn02あ",
            "01h455vb4pex5vsknk084sn02q",
        ] {
            assert_eq!(text.parse::<JobId>(), Err(InvalidId::Malformed { expected: "job" }), "{text}");
        }
    }

    #[test]
    fn no_two_kinds_share_a_prefix() {
        let mut seen = PREFIXES.to_vec();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), PREFIXES.len());
    }
}
