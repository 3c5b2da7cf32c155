use domain::bank_account::AccountDetails;
use domain::decision::Decision;
use domain::event::EventKind;
use domain::kana::KanaName;
use domain::ledger::Account;
use domain::money::{Currency, Money};
use domain::payment::{Means, Payment, PaymentMethod};
use domain::policy::{Operation, Standing, permitted};
use domain::refund::{Refund, RefundAction, RefundError, RefundState, Room};
use domain::settlement::{Settlement, WrongValueDate};
use domain::terms::FundedAhead;
use domain::timer::{TimerChange, TimerKind};

use crate::scene::{Deal, client, date, id, rules, start, yen};

/// A payment of 10,000 yen that has come.
fn paid(method: PaymentMethod) -> Payment {
    let deal = Deal::signed(&[10_000], FundedAhead::Current);
    let funding = deal.milestones[0].start_funding(yen(0), yen(0), start(), &rules()).unwrap().next;
    let means = Means { method, transfer_reference: None };
    let asked = Payment::request(id(40), &funding, means, start()).unwrap().next;
    asked.receive(yen(10_000), start()).unwrap().next
}

fn account() -> AccountDetails {
    AccountDetails::japan_post("10530", "12345671", KanaName::parse("ヤマダ ハナコ").unwrap()).unwrap()
}

fn request(amount: Money, left: i64, free: i64) -> Result<Decision<Refund>, RefundError> {
    let room = Room { left: yen(left), free: yen(free) };
    Refund::request(id(50), &paid(PaymentMethod::Card), amount, room, None, start())
}

fn on_its_way(method: PaymentMethod) -> Refund {
    let (room, account) = (Room { left: yen(10_000), free: yen(10_000) }, Some(account()));
    Refund::request(id(50), &paid(method), yen(4_000), room, account, start()).unwrap().next
}

fn settlement() -> Settlement {
    Settlement { reference: "20260515-1".into(), value_on: date("2026-04-01") }
}

/// The accounts of the only entry, the debit first.
fn accounts(decision: &Decision<Refund>) -> Vec<Account> {
    assert_eq!(decision.entries.len(), 1);
    let mut postings = decision.entries[0].postings().to_vec();
    postings.sort_by_key(|posting| -posting.amount);
    postings.iter().map(|posting| posting.account).collect()
}

#[test]
fn a_refund_leaves_the_clients_funds_at_once() {
    let asked = request(yen(4_000), 10_000, 10_000).unwrap();
    assert_eq!(accounts(&asked), [Account::ClientFunds(client()), Account::RefundTransit(id(50))]);
    assert_eq!((asked.next.state, asked.events), (RefundState::Requested, vec![EventKind::RefundRequested]));
}

#[test]
fn no_more_goes_back_than_the_payment_left_and_than_is_free() {
    assert!(request(yen(10_000), 10_000, 10_000).is_ok());
    assert_eq!(request(yen(10_001), 10_000, 20_000), Err(RefundError::TooLarge { left: yen(10_000) }));
    assert_eq!(request(yen(10_000), 10_000, 9_999), Err(RefundError::NotFree { free: yen(9_999) }));
    assert_eq!(request(yen(0), 10_000, 10_000), Err(RefundError::NothingAsked));
    let dollars = Money::new(1, Currency::Usd).unwrap();
    assert_eq!(request(dollars, 10_000, 10_000), Err(RefundError::OtherCurrency(Currency::Jpy)));
    assert_eq!(Room { left: yen(3), free: yen(2) }.most(), Ok(yen(2)));
}

#[test]
fn a_card_knows_its_way_and_a_transfer_needs_an_account() {
    assert_eq!(on_its_way(PaymentMethod::Card).account, None);
    assert_eq!(on_its_way(PaymentMethod::BankTransfer).account, Some(account()));
    let (room, payment) = (Room { left: yen(1), free: yen(1) }, paid(PaymentMethod::BankTransfer));
    let without = Refund::request(id(50), &payment, yen(1), room, None, start());
    assert_eq!(without, Err(RefundError::NoAccount));
}

#[test]
fn no_bank_takes_another_currency_than_yen() {
    let cent = Money::new(1, Currency::Usd).unwrap();
    let room = Room { left: cent, free: cent };
    let by_bank = Refund::request(id(50), &paid(PaymentMethod::BankTransfer), cent, room, Some(account()), start());
    assert_eq!(by_bank, Err(RefundError::NoBank));
    assert!(Refund::request(id(50), &paid(PaymentMethod::Card), cent, room, None, start()).is_ok());
}

#[test]
fn each_way_back_has_its_own_entry_and_the_clock_need_not_answer_any_more() {
    for (method, asset) in [(PaymentMethod::Card, Account::Gateway), (PaymentMethod::BankTransfer, Account::Bank)] {
        let settled = on_its_way(method).settle(settlement(), start()).unwrap();
        assert_eq!(accounts(&settled), [Account::RefundTransit(id(50)), asset]);
        assert_eq!(settled.timers, [TimerChange::Clear(TimerKind::RefundSettlement)]);
        assert_eq!((settled.next.state, settled.next.value_on), (RefundState::Settled, Some(date("2026-04-01"))));
    }
}

#[test]
fn what_did_not_arrive_is_the_clients_again() {
    let failed = on_its_way(PaymentMethod::Card).fail("no such card".into(), start()).unwrap();
    assert_eq!(accounts(&failed), [Account::RefundTransit(id(50)), Account::ClientFunds(client())]);
    assert_eq!((failed.next.state, failed.events), (RefundState::Failed, vec![EventKind::RefundFailed]));
}

#[test]
fn a_refund_ends_once() {
    let settled = on_its_way(PaymentMethod::Card).settle(settlement(), start()).unwrap().next;
    assert!(settled.settle(settlement(), start()).is_err());
    assert!(settled.fail("too late".into(), start()).is_err());
}

#[test]
fn a_refund_arrives_neither_before_it_was_asked_for_nor_in_advance() {
    let settle = |day: &str| {
        let said = Settlement { value_on: date(day), ..settlement() };
        on_its_way(PaymentMethod::BankTransfer).settle(said, start()).map(drop)
    };
    assert_eq!(settle("2026-03-31"), Err(WrongValueDate::Before(date("2026-04-01")).into()));
    assert_eq!(settle("2026-04-02"), Err(WrongValueDate::Ahead.into()));
    assert_eq!(settle("2026-04-01"), Ok(()));
}

#[test]
fn finance_and_the_gateway_say_how_it_ended_and_nobody_else() {
    for action in RefundAction::ALL.iter().copied() {
        assert_eq!(permitted(Operation::Refund(action)), [Standing::Finance, Standing::Admin, Standing::System]);
    }
}
