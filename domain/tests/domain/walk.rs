//! Random walks through a milestone, as clumsy people would take them.

use chrono::{DateTime, Utc};
use domain::escrow::EscrowState;
use domain::ledger::{Account, Balances, JournalEntry, verify};
use domain::machine::State;
use domain::milestone::{MilestoneAction, MilestoneState, Movement};
use domain::money::Currency;
use domain::terms::FundedAhead;
use proptest::prelude::*;

use crate::scene::{Deal, client, date, days, id, rules, start, worker, yen};

const PRICE: i64 = 123_457;

#[derive(Debug, Clone, Copy)]
struct Attempt {
    action: MilestoneAction,
    share: i64,
    wait: i64,
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let share = prop_oneof![Just(0), Just(PRICE), 0..PRICE, -5_i64..PRICE * 2];
    (prop::sample::select(MilestoneAction::ALL), share, 0_i64..9).prop_map(|(action, share, wait)| Attempt {
        action,
        share,
        wait,
    })
}

struct Walk {
    deal: Deal,
    balances: Balances,
    books: Vec<JournalEntry>,
    now: DateTime<Utc>,
}

impl Walk {
    fn begin() -> Self {
        let paid = JournalEntry::card_settled(client(), yen(PRICE)).unwrap();
        let mut balances = Balances::default();
        balances.apply(&paid).unwrap();
        Self { deal: Deal::signed(&[PRICE], FundedAhead::All), balances, books: vec![paid], now: start() }
    }

    /// Takes a step as far as the rules allow; whether they did.
    fn take(&mut self, Attempt { action, share, wait }: Attempt) -> bool {
        self.now += days(wait);
        let (milestone, escrow, now, share) = (&self.deal.milestones[0], &self.deal.escrows[0], self.now, yen(share));
        let fees = self.deal.fees();
        let alone = |milestone| Movement { milestone, escrow: escrow.clone(), proceeds: None };
        let decision = match action {
            MilestoneAction::StartFunding => {
                milestone.start_funding(yen(PRICE), yen(0), now, &rules()).map(|step| step.map(alone))
            }
            MilestoneAction::Fund => milestone.fund(escrow, now),
            MilestoneAction::ExpireFunding => milestone.expire_funding(now).map(|step| step.map(alone)),
            MilestoneAction::Deliver => milestone.deliver(id(300), now, &rules()).map(|step| step.map(alone)),
            MilestoneAction::RequestChanges => {
                milestone.request_changes(date("2030-01-01"), now, &rules()).map(|step| step.map(alone))
            }
            MilestoneAction::Accept => milestone.accept(id(300), escrow, fees, now),
            MilestoneAction::AutoAccept => milestone.auto_accept(escrow, fees, now),
            MilestoneAction::Dispute => milestone.dispute(now).map(|step| step.map(alone)),
            MilestoneAction::Settle => milestone.settle(share, escrow, fees, now),
            MilestoneAction::Rule => milestone.rule(share, escrow, fees, now),
            MilestoneAction::Cancel => milestone.cancel(share, escrow, fees, now),
        };
        let Ok(decision) = decision else { return false };
        assert!(milestone.state.targets(action).contains(&decision.next.milestone.state));
        for entry in decision.entries {
            self.balances.apply(&entry).unwrap();
            self.books.push(entry);
        }
        self.deal.milestones[0] = decision.next.milestone;
        self.deal.escrows[0] = decision.next.escrow;
        true
    }

    fn held(&self) -> i64 {
        self.balances.of(Account::Escrow(self.deal.escrows[0].id), Currency::Jpy)
    }
}

proptest! {
    #[test]
    fn whatever_is_tried_the_money_is_where_the_states_say(attempts in prop::collection::vec(attempt(), 1..60)) {
        let mut walk = Walk::begin();
        let mut over = None;
        for attempt in attempts {
            let before = walk.deal.milestones[0].clone();
            let taken = walk.take(attempt);
            let (milestone, escrow) = (&walk.deal.milestones[0], &walk.deal.escrows[0]);
            if !taken {
                prop_assert_eq!(milestone, &before, "a refused step changes nothing");
            }
            prop_assert_eq!(walk.held(), escrow.held().amount());
            prop_assert_eq!(milestone.state.is_held(), escrow.state == EscrowState::Funded);
            prop_assert_eq!(milestone.state.is_final(), escrow.state.is_final());
            prop_assert!(over.is_none_or(|over| over == milestone.state), "nothing leaves an end");
            over = over.or(milestone.state.is_final().then_some(milestone.state));
            let timer = milestone.auto_accept_at.is_some();
            prop_assert_eq!(timer, milestone.state == MilestoneState::Delivered, "silence accepts deliveries only");
        }
        let mut report = verify(walk.books.iter().zip(1..).map(|(entry, number)| (id(number), entry.currency(), entry.postings())));
        report.check_ended(walk.deal.escrows.iter().filter(|escrow| escrow.state.is_final()).map(|escrow| escrow.id));
        prop_assert!(report.is_sound(), "{:?}", report.findings);
        let share = walk.deal.milestones[0].worker_share.map_or(0, |share| share.amount());
        let earned = walk.balances.of(Account::Earnings(worker()), Currency::Jpy);
        prop_assert_eq!(earned, walk.deal.schedule.release_fee(0, share).unwrap().net);
    }
}
