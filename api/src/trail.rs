//! What a call of staff changes, gathered while it runs, for the audit log to keep.

use domain::{
    bank_account::BankAccount,
    bank_receipt::BankReceipt,
    cancellation::CancellationRequest,
    contract::{Contract, Progress, TerminationPaid},
    dispute::Dispute,
    escrow::Escrow,
    job::Job,
    manual_entry::ManualEntry,
    member::Member,
    milestone::{Milestone, Movement},
    payment::Payment,
    payout::Payout,
    payout_batch::PayoutBatch,
    policy::Role,
    proposal::Proposal,
    refund::Refund,
};
use serde_json::{Value, json};

use crate::usecases::commit::Audience;

/// How something stood at one moment, as far as the audit log tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// Its state.
    pub status: &'static str,
    /// How often it was written.
    pub version: i32,
    /// Of an account, what it may be.
    pub role: Option<Role>,
}

/// What leaves a trace when staff change it.
pub trait Traced {
    /// How it stands; none where there is nothing to tell.
    fn trace(&self) -> Option<Trace>;
}

macro_rules! traced {
    ($($noun:ident),+) => {$(
        impl Traced for $noun {
            fn trace(&self) -> Option<Trace> {
                Some(Trace { status: self.state.as_str(), version: self.version, role: None })
            }
        }
    )+};
}

traced!(BankAccount, CancellationRequest, Contract, Dispute, Escrow, Job, ManualEntry, Milestone);
traced!(Payment, Payout, PayoutBatch, Proposal, Refund);

impl Traced for Member {
    fn trace(&self) -> Option<Trace> {
        Some(Trace { status: self.state.as_str(), version: self.version, role: Some(self.role) })
    }
}

impl Traced for BankReceipt {
    fn trace(&self) -> Option<Trace> {
        let status = if self.payment.is_some() { "matched" } else { "unmatched" };
        Some(Trace { status, version: self.version, role: None })
    }
}

impl Traced for Movement {
    fn trace(&self) -> Option<Trace> {
        self.milestone.trace()
    }
}

impl Traced for Progress {
    fn trace(&self) -> Option<Trace> {
        self.contract.trace()
    }
}

impl Traced for TerminationPaid {
    fn trace(&self) -> Option<Trace> {
        self.contract.trace()
    }
}

impl Traced for () {
    fn trace(&self) -> Option<Trace> {
        None
    }
}

/// One thing that was changed.
#[derive(Debug, Clone)]
pub struct Change {
    /// What.
    pub resource: String,
    /// The members it concerns.
    pub audience: Audience,
    /// How it stood.
    pub before: Option<Value>,
    /// How it stands.
    pub after: Option<Value>,
}

/// All that one call has met and changed so far.
#[derive(Debug, Default)]
pub struct Trail {
    met: Vec<(String, Trace)>,
    changes: Vec<Change>,
    reason: Option<String>,
    confided: bool,
}

impl Trail {
    /// Remembers how something stood when it was read.
    pub fn meet(&mut self, resource: String, trace: Trace) {
        if !self.met.iter().any(|(known, _)| *known == resource) {
            self.met.push((resource, trace));
        }
    }

    /// Remembers that something was changed; `next` is how it stands, with the version it was read at.
    pub fn change(&mut self, resource: &str, audience: Audience, next: Option<Trace>) {
        let before = self.met.iter().find(|(known, _)| known == resource).map(|(_, trace)| *trace);
        let after = next.map(|trace| match before {
            Some(_) => told(trace, Some(trace.version.saturating_add(1))),
            // It is new, or was written without being looked at: its version is not known here.
            None => told(trace, None),
        });
        self.note(Change {
            resource: resource.to_owned(),
            audience,
            before: before.map(|trace| told(trace, Some(trace.version))),
            after,
        });
    }

    /// Remembers a change in its own words. What is said of one thing last is how it stands.
    pub fn note(&mut self, change: Change) {
        match self.changes.iter_mut().find(|known| known.resource == change.resource) {
            Some(known) => {
                known.after = change.after.or(known.after.take());
                known.audience = known.audience.or(change.audience);
            }
            None => self.changes.push(change),
        }
    }

    /// Whether anything was changed so far.
    pub const fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Says why, where the request itself does not.
    pub fn because(&mut self, reason: &str) {
        self.reason = Some(reason.to_owned());
    }

    /// Keeps it among staff: it is not decided yet.
    pub fn confide(&mut self) {
        self.confided = true;
    }

    /// What was changed, and why.
    pub fn take(&mut self) -> (Vec<Change>, Option<String>) {
        let mut changes = std::mem::take(&mut self.changes);
        if self.confided {
            changes.iter_mut().for_each(|change| change.audience = Audience::default());
        }
        (changes, self.reason.take())
    }
}

fn told(trace: Trace, version: Option<i32>) -> Value {
    match trace.role {
        Some(role) => json!({"status": trace.status, "version": version, "role": role.as_str()}),
        None => json!({"status": trace.status, "version": version}),
    }
}
