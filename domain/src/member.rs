//! Members: people and companies with an account, who work, hire, or are staff.

use chrono::{DateTime, Utc};

use crate::{
    decision::Decision,
    event::EventKind,
    ids::MemberId,
    machine::{Refused, State},
    names,
    policy::{Operation, Role, Standing, permitted},
};

names! {
    /// Where an account stands.
    pub enum MemberState {
        /// The e-mail address is not confirmed.
        Pending = "pending",
        /// Free to work and hire.
        Active = "active",
    }
}

names! {
    /// What can happen to an account.
    pub enum MemberAction {
        /// The mailed token came back.
        Confirm = "confirm",
    }
}

impl State for MemberState {
    type Action = MemberAction;
    const MACHINE: &'static str = "member";
    const INITIAL: Self = Self::Pending;
    const STATES: &'static [Self] = Self::ALL;
    const ACTIONS: &'static [MemberAction] = MemberAction::ALL;

    fn targets(self, action: MemberAction) -> &'static [Self] {
        match (self, action) {
            (Self::Pending, MemberAction::Confirm) => &[Self::Active],
            (Self::Active, MemberAction::Confirm) => &[],
        }
    }

    /// An active account has a life ahead, though none of its steps are built yet.
    fn is_final(self) -> bool {
        false
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

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Person or company.
    pub kind: MemberKind,
    /// What it may be.
    pub role: Role,
    /// The address it was registered with.
    pub email: String,
    /// What others see.
    pub display_name: String,
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
    /// A new account that waits for its e-mail address to be confirmed.
    pub fn register(
        id: MemberId,
        kind: MemberKind,
        email: String,
        display_name: String,
        now: DateTime<Utc>,
    ) -> Decision<Self> {
        let (role, state) = (Role::Member, MemberState::INITIAL);
        let member = Self { id, kind, role, email, display_name, state, version: 1, created_at: now, updated_at: now };
        Decision::new(member, EventKind::MemberRegistered)
    }

    /// The mailed token came back.
    ///
    /// # Errors
    /// [`Refused`] when it already had.
    pub fn confirm(&self, now: DateTime<Utc>) -> Result<Decision<Self>, Refused> {
        let state = self.state.advance(MemberAction::Confirm, Standing::Outsider)?;
        Ok(Decision::new(Self { state, updated_at: now, ..self.clone() }, EventKind::MemberConfirmed))
    }
}
