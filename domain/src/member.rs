//! Members: people and companies with an account, who work, hire, or are staff.

use chrono::{DateTime, Utc};

use crate::{
    decision::Decision,
    event::EventKind,
    ids::MemberId,
    machine::{Refused, State},
    names,
    policy::{Operation, Role, Standing, permitted},
    username::Username,
};

names! {
    /// Where an account stands.
    pub enum MemberState {
        /// The e-mail address is not confirmed.
        Pending = "pending",
        /// Free to work and hire.
        Active = "active",
        /// Has left; only a last payout or refund is still on its way.
        Closing = "closing",
        /// Has left for good.
        Closed = "closed",
    }
}

names! {
    /// What can happen to an account.
    pub enum MemberAction {
        /// The mailed token came back.
        Confirm = "confirm",
        /// Leaves (退会).
        Withdraw = "withdraw",
        /// The last payout or refund has settled, or cannot.
        Complete = "complete",
    }
}

impl State for MemberState {
    type Action = MemberAction;
    const MACHINE: &'static str = "member";
    const INITIAL: Self = Self::Pending;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [MemberAction] = MemberAction::ALL;

    fn targets(self, action: MemberAction) -> &'static [Self] {
        use MemberAction::{Complete, Confirm, Withdraw};
        match (self, action) {
            (Self::Pending, Confirm) => &[Self::Active],
            // By whether money is still on its way.
            (Self::Active, Withdraw) => &[Self::Closing, Self::Closed],
            (Self::Closing, Complete) => &[Self::Closed],
            (Self::Pending, Withdraw | Complete)
            | (Self::Active, Confirm | Complete)
            | (Self::Closing, Confirm | Withdraw)
            | (Self::Closed, Confirm | Withdraw | Complete) => &[],
        }
    }

    fn actors(action: MemberAction) -> &'static [Standing] {
        permitted(Operation::Member(action))
    }
}

names! {
    /// Who stands behind an account; withholding tax and invoices depend on it (domain rules, section 8).
    pub enum MemberKind {
        /// A natural person.
        Individual = "individual",
        /// A legal person.
        Company = "company",
    }
}

/// Somebody who cannot be bound by anything new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account is {0}")]
pub struct NotHere(pub MemberState);

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Person or company.
    pub kind: MemberKind,
    /// What it may be.
    pub role: Role,
    /// The address that mail goes to.
    pub email: String,
    /// What others see.
    pub display_name: String,
    /// The handle they chose; while the address is not confirmed, only a wish.
    pub username: Option<Username>,
    /// Where it stands.
    pub state: MemberState,
    /// How often it was written.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Member {
    /// The version of who has just registered.
    const FIRST: i32 = 1;

    /// A new account that waits for its e-mail address to be confirmed.
    pub fn register(
        id: MemberId,
        kind: MemberKind,
        email: String,
        display_name: String,
        now: DateTime<Utc>,
    ) -> Decision<Self> {
        let (role, state) = (Role::Member, MemberState::INITIAL);
        let (username, version) = (None, Self::FIRST);
        let member =
            Self { id, kind, role, email, display_name, username, state, version, created_at: now, updated_at: now };
        Decision::new(member, EventKind::MemberRegistered)
    }

    /// Whether its address was registered again before anybody confirmed it, perhaps by somebody else.
    pub fn is_contested(&self) -> bool {
        self.state == MemberState::Pending && self.version > Self::FIRST
    }

    /// Whether something can begin that would bind them: nobody who leaves takes on more.
    ///
    /// # Errors
    /// [`NotHere`] unless the account is active.
    pub fn check_here(&self) -> Result<(), NotHere> {
        if self.state == MemberState::Active { Ok(()) } else { Err(NotHere(self.state)) }
    }

    /// The mailed token came back.
    ///
    /// # Errors
    /// [`Refused`] when it already had.
    pub fn confirm(&self, now: DateTime<Utc>) -> Result<Decision<Self>, Refused> {
        let state = self.state.advance(MemberAction::Confirm)?;
        Ok(Decision::new(Self { state, updated_at: now, ..self.clone() }, EventKind::MemberConfirmed))
    }

    /// Takes a username, once and for ever. Whether it is free is not known here.
    ///
    /// # Errors
    /// [`HasUsername`] when they have another one.
    pub fn choose_username(&self, username: Username, now: DateTime<Utc>) -> Result<Decision<Self>, HasUsername> {
        if self.username.is_some() {
            return Err(HasUsername);
        }
        let next = Self { username: Some(username), updated_at: now, ..self.clone() };
        Ok(Decision::new(next, EventKind::MemberUsernameChosen))
    }

    /// Is reached at another address from now on, which was confirmed.
    pub fn change_email(&self, email: String, now: DateTime<Utc>) -> Decision<Self> {
        Decision::new(Self { email, updated_at: now, ..self.clone() }, EventKind::MemberEmailChanged)
    }

    /// May do something else from now on; `is_tied` says whether they have business of their own as a member.
    ///
    /// # Errors
    /// [`RoleRefused`] when the account is not active, or when a member with business of their own would become staff,
    /// who have none.
    pub fn change_role(&self, role: Role, is_tied: bool, now: DateTime<Utc>) -> Result<Decision<Self>, RoleRefused> {
        if self.state != MemberState::Active {
            return Err(RoleRefused::NotHere(self.state));
        }
        if is_tied && self.role == Role::Member && role != Role::Member {
            return Err(RoleRefused::HasBusiness);
        }
        Ok(Decision::new(Self { role, updated_at: now, ..self.clone() }, EventKind::MemberRoleChanged))
    }

    /// Leaves for good: at once, or as soon as the money that is on its way has arrived. Whether anything
    /// stands in the way is what [`crate::withdrawal::assess`] says.
    ///
    /// # Errors
    /// [`Refused`] when they have left already.
    pub fn withdraw(&self, money_on_its_way: bool, now: DateTime<Utc>) -> Result<Decision<Self>, Refused> {
        let chosen = if money_on_its_way { MemberState::Closing } else { MemberState::Closed };
        let state = self.state.advance_to(chosen, MemberAction::Withdraw)?;
        let decision = Decision::new(Self { updated_at: now, ..self.clone() }, EventKind::MemberWithdrawn);
        Ok(if state == MemberState::Closed {
            decision.tell(EventKind::MemberClosed).map(Self::forgotten)
        } else {
            decision.map(|member| Self { state, ..member })
        })
    }

    /// The last money has arrived, or was set aside as unclaimed.
    ///
    /// # Errors
    /// [`Refused`] when they are not leaving.
    pub fn complete(&self, now: DateTime<Utc>) -> Result<Decision<Self>, Refused> {
        self.state.advance(MemberAction::Complete)?;
        Ok(Decision::new(Self { updated_at: now, ..self.clone() }, EventKind::MemberClosed).map(Self::forgotten))
    }

    /// Closed, and without what says who it was (domain rules, section 6).
    fn forgotten(self) -> Self {
        Self { state: MemberState::Closed, email: String::new(), display_name: String::new(), username: None, ..self }
    }
}

/// Why an account cannot have that role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoleRefused {
    /// Nobody uses it.
    #[error("the account is {0}")]
    NotHere(MemberState),
    /// Contracts or money are theirs, which staff could not look after.
    #[error("the account has business of its own; give the role to another account")]
    HasBusiness,
}

/// A username is chosen once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a username is chosen once and for ever")]
pub struct HasUsername;
