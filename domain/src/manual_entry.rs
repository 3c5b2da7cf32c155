//! Entries that no operation of the marketplace books: drafted by one of staff, posted by another (domain rules,
//! section 3).

use chrono::{DateTime, Utc};

use crate::{
    actor::Actor,
    decision::Decision,
    event::EventKind,
    ids::{ManualEntryId, MemberId},
    ledger::{Account, AccountKind, EntryKind, InvalidEntry, JournalEntry, Posting},
    machine::{Refused, State},
    member::{Member, MemberState},
    money::Money,
    names,
    policy::{Operation, Role, Standing, permitted},
};

/// The most members whose accounts one entry may touch: each of them is told of it.
pub const MOST_MEMBERS: usize = 2;

names! {
    /// Where an entry stands.
    pub enum ManualEntryState {
        /// It waits for another person.
        Drafted = "drafted",
        /// It is in the books.
        Posted = "posted",
        /// It will never be.
        Rejected = "rejected",
    }
}

names! {
    /// What can happen to it.
    pub enum ManualEntryAction {
        /// Another person posts it.
        Approve = "approve",
        /// Another person refuses it.
        Reject = "reject",
    }
}

impl State for ManualEntryState {
    type Action = ManualEntryAction;
    const MACHINE: &'static str = "manual_entry";
    const INITIAL: Self = Self::Drafted;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [ManualEntryAction] = ManualEntryAction::ALL;

    fn targets(self, action: ManualEntryAction) -> &'static [Self] {
        match (self, action) {
            (Self::Drafted, ManualEntryAction::Approve) => &[Self::Posted],
            (Self::Drafted, ManualEntryAction::Reject) => &[Self::Rejected],
            (Self::Posted | Self::Rejected, ManualEntryAction::Approve | ManualEntryAction::Reject) => &[],
        }
    }

    fn actors(action: ManualEntryAction) -> &'static [Standing] {
        permitted(Operation::ManualEntry(action))
    }
}

names! {
    /// A side of an account.
    pub enum Side {
        /// The left.
        Debit = "debit",
        /// The right.
        Credit = "credit",
    }
}

/// One line of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Where.
    pub account: Account,
    /// On which side.
    pub side: Side,
    /// How much, more than nothing.
    pub amount: Money,
}

impl Line {
    const fn posting(self) -> Posting {
        let amount = match self.side {
            Side::Debit => self.amount.amount(),
            Side::Credit => self.amount.amount().saturating_neg(),
        };
        Posting { account: self.account, amount }
    }
}

/// An entry by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualEntry {
    /// Its id.
    pub id: ManualEntryId,
    /// Where it stands.
    pub state: ManualEntryState,
    /// What it books.
    pub entry: JournalEntry,
    /// Why; the members concerned read it once it is posted.
    pub reason: String,
    /// Who wrote it.
    pub drafter_id: MemberId,
    /// Who posted or rejected it.
    pub decider_id: Option<MemberId>,
    /// Why it was rejected.
    pub refusal: Option<String>,
    /// How often it was written.
    pub version: i32,
    /// When it was drafted.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// Why there can be no such entry, or it cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManualEntryError {
    /// What this account holds is kept by the marketplace's own operations.
    #[error("{0} is not booked by hand")]
    NotByHand(AccountKind),
    /// Too many.
    #[error("one entry concerns at most {MOST_MEMBERS} members")]
    ManyMembers,
    /// It cannot be built.
    #[error(transparent)]
    Entry(#[from] InvalidEntry),
    /// Nobody, or one of staff, who have no money here.
    #[error("{0} is no member")]
    NoMember(MemberId),
    /// Has left: what is theirs is unclaimed, not client funds.
    #[error("{0} has left")]
    Left(MemberId),
    /// Its own writer.
    #[error("whoever drafted an entry does not decide on it")]
    FourEyes,
    /// Not in this state.
    #[error(transparent)]
    Refused(#[from] Refused),
}

type Step = Result<Decision<ManualEntry>, ManualEntryError>;

impl ManualEntry {
    /// Somebody writes it; nothing is booked yet.
    ///
    /// # Errors
    /// An account that is not booked by hand, too many members, or lines that make no entry.
    pub fn draft(id: ManualEntryId, lines: &[Line], reason: String, by: MemberId, now: DateTime<Utc>) -> Step {
        let refused = lines.iter().map(|line| line.account.kind()).find(|kind| !kind.is_booked_by_hand());
        if let Some(kind) = refused {
            return Err(ManualEntryError::NotByHand(kind));
        }
        let currency = lines.first().ok_or(InvalidEntry::Empty)?.amount.currency();
        if lines.iter().any(|line| line.amount.currency() != currency) {
            return Err(InvalidEntry::MixedCurrencies.into());
        }
        let postings = lines.iter().map(|line| line.posting()).collect();
        let manual = Self {
            id,
            state: ManualEntryState::INITIAL,
            entry: JournalEntry::from_postings(EntryKind::Manual, currency, postings)?,
            reason,
            drafter_id: by,
            decider_id: None,
            refusal: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        if manual.members().len() > MOST_MEMBERS {
            return Err(ManualEntryError::ManyMembers);
        }
        Ok(Decision::new(manual, EventKind::ManualEntryDrafted))
    }

    /// Another person posts it.
    ///
    /// # Errors
    /// Not in this state, or its own writer.
    pub fn approve(&self, by: MemberId, now: DateTime<Utc>) -> Step {
        let next = self.decide(ManualEntryAction::Approve, by, now)?;
        Ok(Decision::new(next, EventKind::ManualEntryPosted).book(self.entry.clone()))
    }

    /// Another person refuses it, for good.
    ///
    /// # Errors
    /// Not in this state, or its own writer.
    pub fn reject(&self, by: MemberId, reason: String, now: DateTime<Utc>) -> Step {
        let next = self.decide(ManualEntryAction::Reject, by, now)?;
        Ok(Decision::new(Self { refusal: Some(reason), ..next }, EventKind::ManualEntryRejected))
    }

    fn decide(&self, action: ManualEntryAction, by: MemberId, now: DateTime<Utc>) -> Result<Self, ManualEntryError> {
        let state = self.state.advance(action)?;
        if by == self.drafter_id {
            return Err(ManualEntryError::FourEyes);
        }
        Ok(Self { state, decider_id: Some(by), updated_at: now, ..self.clone() })
    }

    /// Those whose accounts it touches, each once.
    pub fn members(&self) -> Vec<MemberId> {
        let mut owners: Vec<MemberId> = self
            .entry
            .postings()
            .iter()
            .filter_map(|posting| posting.account.owner())
            .map(MemberId::from_uuid)
            .collect();
        owners.sort();
        owners.dedup();
        owners
    }

    /// Makes sure that they are members, and that client funds are of somebody who is still here.
    ///
    /// # Errors
    /// One is not there, is staff, or has left.
    pub fn check_members(&self, found: &[Member]) -> Result<(), ManualEntryError> {
        for id in self.members() {
            let member = found.iter().find(|member| member.id == id && member.role == Role::Member);
            let member = member.ok_or(ManualEntryError::NoMember(id))?;
            let funds = Account::ClientFunds(id);
            let holds = self.entry.postings().iter().any(|posting| posting.account == funds);
            if holds && member.state != MemberState::Active {
                return Err(ManualEntryError::Left(id));
            }
        }
        Ok(())
    }

    /// What somebody is to it: whoever's money it moves has no say.
    pub fn standing(&self, actor: Actor) -> Standing {
        let own = self.members().into_iter().find(|owner| actor.member() == Some(*owner));
        own.map_or_else(|| actor.standing_outside(), |owner| actor.standing_to_owner(owner))
    }

    /// What somebody may do with it now.
    pub fn allowed_actions(&self, actor: Actor) -> Vec<ManualEntryAction> {
        if actor.member() == Some(self.drafter_id) { Vec::new() } else { self.state.allowed(self.standing(actor)) }
    }
}
