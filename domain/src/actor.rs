//! Who acts, and on which side of a contract.

use crate::{
    ids::MemberId,
    names,
    policy::{Role, Standing},
};

/// Who asks for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A member, for themself.
    Member(MemberId),
    /// One of the operator's people, in a role.
    Staff(MemberId, Role),
    /// A timer, or a step that follows from another one.
    System,
}

impl Actor {
    /// Somebody by what their account may be.
    pub const fn of(member: MemberId, role: Role) -> Self {
        match role {
            Role::Member => Self::Member(member),
            Role::Support | Role::Moderator | Role::Finance | Role::Admin => Self::Staff(member, role),
        }
    }

    /// The person, if it is one.
    pub const fn member(self) -> Option<MemberId> {
        match self {
            Self::Member(id) | Self::Staff(id, _) => Some(id),
            Self::System => None,
        }
    }

    /// What this actor is to something that stands between a client and a worker.
    ///
    /// Staff who are a party themselves are only that: nobody judges their own cause.
    pub fn standing(self, client: MemberId, worker: MemberId) -> Standing {
        match self.party(client, worker) {
            Some(party) => party.standing(),
            None => self.standing_outside(),
        }
    }

    /// What this actor is to something that has an owner only, who acts as client.
    pub fn standing_to_owner(self, owner: MemberId) -> Standing {
        if self.member() == Some(owner) { Standing::Client } else { self.standing_outside() }
    }

    /// What this actor is to something that has a worker only.
    pub fn standing_to_worker(self, worker: MemberId) -> Standing {
        if self.member() == Some(worker) { Standing::Worker } else { self.standing_outside() }
    }

    /// What this actor is to their own account.
    pub const fn standing_to_oneself(self) -> Standing {
        match self {
            Self::Member(_) => Standing::Oneself,
            Self::Staff(_, role) => role.standing_to_oneself(),
            Self::System => Standing::System,
        }
    }

    /// What this actor is to something in which they have no part.
    pub const fn standing_outside(self) -> Standing {
        match self {
            Self::Member(_) => Standing::Outsider,
            Self::Staff(_, role) => role.standing(),
            Self::System => Standing::System,
        }
    }

    /// On which side of a contract this actor stands, if on any.
    pub fn party(self, client: MemberId, worker: MemberId) -> Option<Party> {
        let id = self.member()?;
        [(client, Party::Client), (worker, Party::Worker)]
            .into_iter()
            .find(|(side, _)| *side == id)
            .map(|(_, party)| party)
    }
}

names! {
    /// A side of a proposal or a contract.
    pub enum Party {
        /// Who pays.
        Client = "client",
        /// Who works.
        Worker = "worker",
    }
}

impl Party {
    /// The opposite side.
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Worker,
            Self::Worker => Self::Client,
        }
    }

    /// The standing of this side.
    pub const fn standing(self) -> Standing {
        match self {
            Self::Client => Standing::Client,
            Self::Worker => Standing::Worker,
        }
    }
}

impl TryFrom<Standing> for Party {
    /// The standing that is not a side.
    type Error = Standing;

    fn try_from(standing: Standing) -> Result<Self, Standing> {
        match standing {
            Standing::Client => Ok(Self::Client),
            Standing::Worker => Ok(Self::Worker),
            Standing::Outsider
            | Standing::Oneself
            | Standing::Support
            | Standing::Moderator
            | Standing::Finance
            | Standing::Admin
            | Standing::System => Err(standing),
        }
    }
}
