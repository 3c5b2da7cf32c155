//! A job, a proposal, a contract and its milestones, ready to be acted on.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::{
    actor::Party,
    category::Category,
    contract::Contract,
    escrow::Escrow,
    fee::FeeSchedule,
    ids::{Id, MemberId, MilestoneId},
    job::{Job, JobLength, NewJob},
    milestone::{FeeTerms, Milestone, MilestoneState, Movement},
    money::{Currency, Money},
    proposal::{Proposal, Round},
    rules::Rules,
    terms::{FundedAhead, MilestoneTerms, Terms},
};
use uuid::Uuid;

pub fn id<K>(number: u128) -> Id<K> {
    Id::from_uuid(Uuid::from_u128(number))
}

pub fn client() -> MemberId {
    id(1)
}

pub fn worker() -> MemberId {
    id(2)
}

pub fn yen(amount: i64) -> Money {
    Money::new(amount, Currency::Jpy).unwrap()
}

/// Noon of April 1st in Tokyo.
pub fn start() -> DateTime<Utc> {
    "2026-04-01T03:00:00Z".parse().unwrap()
}

pub fn days(count: i64) -> TimeDelta {
    TimeDelta::days(count)
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn rules() -> Rules {
    Rules::default()
}

pub fn terms(amounts: &[i64], funded_ahead: FundedAhead) -> Terms {
    let milestone = |(index, amount): (usize, &i64)| MilestoneTerms {
        title: format!("part {index}"),
        amount: yen(*amount),
        due_on: date("2026-05-01"),
    };
    Terms {
        milestones: amounts.iter().enumerate().map(milestone).collect(),
        acceptance_days: 7,
        revision_limit: 3,
        funded_ahead,
        termination_fee: None,
    }
}

pub fn round(terms: Terms) -> Round {
    Round { terms, message: "Hello".into() }
}

pub fn draft() -> Job {
    let new = NewJob {
        title: "A shop".into(),
        description: "All of it".into(),
        category: Category::WebDevelopment,
        budget_min: Some(yen(10_000)),
        budget_max: Some(yen(500_000)),
        currency: Currency::Jpy,
        length: JobLength::OneOff,
    };
    Job::new(id(10), client(), new, start()).unwrap().next
}

pub fn open_job() -> Job {
    draft().publish(start(), &rules()).unwrap().next
}

pub fn proposal(terms: Terms) -> Proposal {
    Proposal::submit(id(20), &open_job(), worker(), round(terms), start(), &rules()).unwrap().next
}

/// A contract with its milestones and their escrows, signed at [`start`].
#[derive(Debug, Clone)]
pub struct Deal {
    pub contract: Contract,
    pub milestones: Vec<Milestone>,
    pub escrows: Vec<Escrow>,
    pub schedule: FeeSchedule,
}

impl Deal {
    pub fn signed(amounts: &[i64], funded_ahead: FundedAhead) -> Self {
        let proposal = proposal(terms(amounts, funded_ahead)).accept(Party::Client, 1, start(), &rules()).unwrap().next;
        let schedule = FeeSchedule::standard();
        let contract = Contract::sign(id(30), &open_job(), &proposal, &schedule, start(), &rules()).unwrap().next;
        let planned = contract.terms.milestones.iter().zip(1..).map(|(terms, position): (_, i32)| {
            let number = u128::try_from(position).unwrap();
            Milestone::plan((id(100 + number), id(200 + number)), &contract, position, terms, start())
        });
        let (milestones, escrows) = planned.map(|planned| (planned.milestone, planned.escrow)).unzip();
        Self { contract, milestones, escrows, schedule }
    }

    pub fn course(&self) -> Vec<(MilestoneId, MilestoneState)> {
        self.milestones.iter().map(|milestone| (milestone.id, milestone.state)).collect()
    }

    pub fn fees(&self) -> FeeTerms<'_> {
        self.contract.fee_terms(&self.schedule, self.contract.released)
    }

    /// Funds a milestone in full, and tells the contract. Answers with the days its due dates shift.
    pub fn fund(&mut self, index: usize, now: DateTime<Utc>) -> u64 {
        let milestone = &self.milestones[index];
        let funding = milestone.start_funding(milestone.amount, yen(0), now, &rules()).unwrap().next;
        let movement = funding.fund(&self.escrows[index], now).unwrap().next;
        self.put(index, movement);
        let progress = self.contract.milestone_funded(&self.course(), now, &rules()).unwrap().next;
        self.contract = progress.contract;
        progress.shift_days
    }

    pub fn deliver(&mut self, index: usize, now: DateTime<Utc>) {
        let number = 300 + u128::try_from(index).unwrap();
        self.milestones[index] = self.milestones[index].deliver(id(number), now, &rules()).unwrap().next;
    }

    /// Accepts a delivered milestone, and tells the contract.
    pub fn accept(&mut self, index: usize, now: DateTime<Utc>) {
        let milestone = &self.milestones[index];
        let delivery = milestone.delivery.unwrap();
        let movement = milestone.accept(delivery, &self.escrows[index], self.fees(), now).unwrap().next;
        self.finish(index, movement, now);
    }

    /// Cancels a milestone with a share, and tells the contract.
    pub fn cancel(&mut self, index: usize, share: i64, now: DateTime<Utc>) {
        let movement = self.milestones[index].cancel(yen(share), &self.escrows[index], self.fees(), now).unwrap().next;
        self.finish(index, movement, now);
    }

    fn finish(&mut self, index: usize, movement: Movement, now: DateTime<Utc>) {
        let released = movement.proceeds.as_ref().map(|proceeds| proceeds.gross);
        self.put(index, movement);
        self.contract =
            self.contract.milestone_finished(released, &self.course(), now, &rules()).unwrap().next.contract;
    }

    fn put(&mut self, index: usize, movement: Movement) {
        self.milestones[index] = movement.milestone;
        self.escrows[index] = movement.escrow;
    }
}
