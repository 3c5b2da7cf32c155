//! Payouts: what they cost, what leaves earnings, and what comes back.

use chrono::NaiveDate;
use domain::{
    bank_account::{AccountDetails, AccountNumber, AccountType},
    escrow::Escrow,
    event::EventKind,
    kana::KanaName,
    ledger::{Account, Balances, JournalEntry, QuickFee, ReleaseLegs},
    machine::State,
    money::{Currency, Money},
    payout::{Asked, Payout, PayoutAction, PayoutError, PayoutKind, PayoutState, Quick, due},
    policy::{Operation, Role, Standing, permitted},
    release::Release,
    rules::{BankFee, PayoutMode, PayoutRules},
    settlement::{Settlement, WrongValueDate},
};
use proptest::prelude::*;

use crate::scene::{client, date, days, id, start, worker, yen};

fn rules() -> PayoutRules {
    PayoutRules::default()
}

fn asked() -> Asked {
    Asked {
        id: id(70),
        worker: worker(),
        closed_on: Some(date("2026-04-30")),
        pay_on: date("2026-05-15"),
        bank: "0005".parse().unwrap(),
    }
}

fn account(bank: &str) -> AccountDetails {
    AccountDetails {
        bank: bank.parse().unwrap(),
        branch: "101".parse().unwrap(),
        account_type: AccountType::Ordinary,
        number: AccountNumber::filled("1").unwrap(),
        holder: KanaName::parse("ヤマダ").unwrap(),
    }
}

fn settlement() -> Settlement {
    Settlement { reference: "42".into(), value_on: date("2026-04-01") }
}

fn monthly(amount: i64) -> Payout {
    Payout::monthly(asked(), yen(amount), start(), &rules()).unwrap().next
}

fn sent(payout: &Payout) -> Payout {
    let processing = payout.process(id(80), account("0005"), start(), &rules()).unwrap().next;
    Payout { sent_at: Some(start()), ..processing }
}

fn earned(net: i64, payment_due_on: NaiveDate) -> Release {
    let escrow = Escrow::new(id(1), client(), worker(), yen(net), start());
    let release = Release::of(&escrow, id(30), yen(net), None, start(), &rules()).unwrap();
    Release { payment_due_on, ..release }
}

#[test]
fn a_quick_payout_costs_five_percent_and_at_least_530_yen_tax_included() {
    for (amount, fee, tax) in [
        (1_000, 530, 48),
        (10_600, 530, 48),
        (10_619, 530, 48),
        (10_620, 531, 48),
        (100_000, 5_000, 454),
        (99_999, 4_999, 454),
    ] {
        let quick = Quick::of(yen(amount), &rules()).unwrap();
        assert_eq!((quick.fee, quick.fee_tax, quick.total()), (yen(fee), yen(tax), Ok(yen(amount + fee))), "{amount}");
    }
    assert_eq!(Quick::of(yen(999), &rules()), Err(PayoutError::TooSmall { minimum: yen(1_000) }));
    let dollars = Money::new(100_000, Currency::Usd).unwrap();
    assert_eq!(Quick::of(dollars, &rules()), Err(PayoutError::NotYen));
}

#[test]
fn from_10_000_at_most_9_470_can_be_had_at_once() {
    for (earnings, most) in
        [(10_000, 9_470), (1_530, 1_000), (1_531, 1_001), (105_000, 100_000), (11_151, 10_620), (11_150, 10_619)]
    {
        assert_eq!(Quick::most(yen(earnings), &rules()).unwrap().amount, yen(most), "{earnings}");
    }
    for little in [1, 529, 1_529] {
        assert_eq!(Quick::most(yen(little), &rules()), Err(PayoutError::TooSmall { minimum: yen(1_000) }), "{little}");
    }
}

proptest! {
    #[test]
    fn the_most_that_can_be_had_fits_and_one_yen_more_does_not(earnings in 1_530..10_000_000_i64) {
        let most = Quick::most(yen(earnings), &rules()).unwrap();
        prop_assert!(most.total().unwrap().amount() <= earnings);
        let more = Quick::of(yen(most.amount.amount() + 1), &rules()).unwrap();
        prop_assert!(more.total().unwrap().amount() > earnings);
    }
}

#[test]
fn a_transfer_costs_by_bank_and_amount() {
    let rules = PayoutRules {
        bank_fees: vec![
            BankFee { bank: None, from: 0, fee: 500 },
            BankFee { bank: None, from: 30_000, fee: 700 },
            BankFee { bank: Some("0036".parse().unwrap()), from: 0, fee: 100 },
        ],
        ..rules()
    };
    let fee = |bank: &str, amount| rules.bank_fee(bank.parse().unwrap(), amount);
    assert_eq!([fee("0005", 29_999), fee("0005", 30_000), fee("0036", 50_000)], [500, 700, 100]);
}

#[test]
fn the_bank_fee_is_that_of_the_account_it_goes_to_in_the_end() {
    let payout = monthly(50_000);
    assert_eq!(payout.bank_fee, yen(500));
    let processing = payout.process(id(80), account("0036"), start(), &rules()).unwrap().next;
    assert_eq!((processing.bank_fee, processing.transferred()), (yen(100), Ok(yen(49_900))));
}

#[test]
fn quick_and_last_payouts_and_what_is_below_the_minimum_bear_no_bank_fee() {
    let quick = Payout::quick(asked(), yen(9_470), yen(10_000), start(), &rules()).unwrap().next;
    let last = Payout::last(asked(), yen(50_000), start(), &rules()).unwrap().next;
    for payout in [quick, last, monthly(999)] {
        assert_eq!(payout.bank_fee, yen(0), "{}", payout.kind);
        assert_eq!(payout.process(id(80), account("0005"), start(), &rules()).unwrap().next.bank_fee, yen(0));
    }
}

#[test]
fn a_quick_payout_takes_its_fee_out_of_the_earnings_as_well() {
    let decision = Payout::quick(asked(), yen(9_470), yen(10_000), start(), &rules()).unwrap();
    let fee = QuickFee { revenue: yen(482), tax: yen(48) };
    assert_eq!(decision.entries, [JournalEntry::quick_payout_requested(worker(), id(70), yen(9_470), fee).unwrap()]);
    assert_eq!((decision.events, decision.next.taken()), (vec![EventKind::PayoutQuickRequested], Ok(yen(10_000))));
    let refused = Payout::quick(asked(), yen(9_471), yen(10_000), start(), &rules());
    assert_eq!(refused, Err(PayoutError::NotEnough { total: yen(10_001), available: yen(10_000) }));
}

#[test]
fn asking_for_all_needs_the_minimum_and_leaving_does_not() {
    let too_small = Err(PayoutError::TooSmall { minimum: yen(1_000) });
    assert_eq!(Payout::scheduled(asked(), yen(999), start(), &rules()), too_small);
    assert_eq!(Payout::scheduled(asked(), yen(1_000), start(), &rules()).unwrap().next.kind, PayoutKind::Scheduled);
    assert_eq!(Payout::last(asked(), yen(1), start(), &rules()).unwrap().next.amount, yen(1));
}

#[test]
fn a_month_is_paid_in_whole_and_less_than_the_minimum_waits() {
    let payday = date("2026-06-15");
    let far = date("2026-06-30");
    assert_eq!(due(&[earned(600, far), earned(399, far)], payday, &rules()), Ok(None));
    assert_eq!(due(&[earned(600, far), earned(400, far)], payday, &rules()), Ok(Some(yen(1_000))));
    assert_eq!(due(&[], payday, &rules()), Ok(None));
}

#[test]
fn less_than_the_minimum_waits_no_longer_than_the_law_allows() {
    let payday = date("2026-06-15");
    assert_eq!(due(&[earned(300, date("2026-06-15"))], payday, &rules()), Ok(None), "the next payday is in time");
    let late = [earned(300, date("2026-06-14")), earned(200, date("2026-07-01"))];
    assert_eq!(due(&late, payday, &rules()), Ok(Some(yen(500))));
}

#[test]
fn who_is_paid_on_request_is_paid_unasked_only_when_the_law_says_so() {
    let rules = PayoutRules { mode: PayoutMode::OnRequest, ..rules() };
    let payday = date("2026-06-15");
    assert_eq!(due(&[earned(90_000, date("2026-06-15"))], payday, &rules), Ok(None));
    assert_eq!(due(&[earned(90_000, date("2026-06-14"))], payday, &rules), Ok(Some(yen(90_000))));
}

#[test]
fn what_the_bank_was_not_sent_it_cannot_have_paid() {
    let processing = monthly(5_000).process(id(80), account("0005"), start(), &rules()).unwrap().next;
    assert_eq!(processing.pay(&settlement(), start()), Err(PayoutError::NotSent));
    let paid = sent(&monthly(5_000)).pay(&settlement(), start()).unwrap();
    assert_eq!(paid.entries, [JournalEntry::payout_settled(id(70), yen(4_500), yen(500)).unwrap()]);
    assert_eq!(paid.next.bank_reference.as_deref(), Some("42"));
    assert_eq!(paid.next.given_back(), Ok(yen(0)));
}

#[test]
fn a_failure_gives_all_back_and_a_return_what_had_reached_the_bank() {
    let quick = Payout::quick(asked(), yen(9_470), yen(10_000), start(), &rules()).unwrap().next;
    let failed = sent(&quick).fail("closed".into(), start()).unwrap();
    assert_eq!(failed.next.given_back(), Ok(yen(10_000)));
    let back = sent(&monthly(5_000)).pay(&settlement(), start()).unwrap().next;
    let back = back.send_back("closed".into(), &settlement(), start()).unwrap();
    assert_eq!(back.next.given_back(), Ok(yen(4_500)));
    assert_eq!(back.entries, [JournalEntry::payout_returned(worker(), yen(4_500)).unwrap()]);
}

#[test]
fn the_bank_books_nothing_before_it_had_it_and_nothing_in_advance() {
    let on = |day: &str| Settlement { value_on: date(day), ..settlement() };
    let payout = sent(&monthly(5_000));
    let refused = |day: &str| payout.pay(&on(day), start() + days(2)).map(drop);
    assert_eq!(refused("2026-04-01"), Ok(()));
    assert_eq!(refused("2026-04-04"), Err(WrongValueDate::Ahead.into()));
    assert_eq!(refused("2026-03-31"), Err(WrongValueDate::Before(date("2026-04-01")).into()));
    let paid = payout.pay(&on("2026-04-02"), start() + days(2)).unwrap().next;
    let back = |day: &str| paid.send_back("closed".into(), &on(day), start() + days(2)).map(drop);
    assert_eq!((back("2026-04-02"), back("2026-04-03")), (Ok(()), Ok(())));
    assert_eq!(back("2026-04-01"), Err(WrongValueDate::Before(date("2026-04-02")).into()));
}

#[test]
fn a_return_leaves_what_the_bank_said_of_the_transfer_it_brings_back() {
    let paid = sent(&monthly(5_000)).pay(&settlement(), start()).unwrap().next;
    let bank = Settlement { reference: "43".into(), value_on: date("2026-04-02") };
    let back = paid.send_back("closed".into(), &bank, start() + days(1)).unwrap().next;
    assert_eq!((back.bank_reference.as_deref(), back.value_on), (Some("42"), Some(date("2026-04-01"))));
    assert_eq!((back.return_reference.as_deref(), back.returned_on), (Some("43"), Some(date("2026-04-02"))));
}

#[test]
fn no_bank_has_two_fees_for_one_amount_or_none() {
    let own = |from, fee| BankFee { bank: Some("0036".parse().unwrap()), from, fee };
    let all = BankFee { bank: None, from: 0, fee: 500 };
    for (rows, sound) in [
        (vec![own(0, 100), own(30_000, 200)], true),
        (vec![own(0, 100), own(0, 100)], false),
        (vec![own(30_000, 200)], false),
        (vec![all.clone()], false),
    ] {
        let bank_fees = [vec![all.clone()], rows].concat();
        let rules = PayoutRules { bank_fees: bank_fees.clone(), ..rules() };
        assert_eq!(rules.has_one_bank_fee_for_each(), sound, "{bank_fees:?}");
    }
}

#[test]
fn only_a_batch_takes_a_payout_to_the_bank() {
    assert_eq!(permitted(Operation::Payout(PayoutAction::Process)), [Standing::System]);
    let finance = domain::actor::Actor::Staff(id(9), Role::Finance);
    assert_eq!(monthly(5_000).allowed_actions(finance), [PayoutAction::Hold, PayoutAction::Cancel]);
}

#[test]
fn a_worker_takes_back_only_what_they_asked_for() {
    let quick = Payout::quick(asked(), yen(9_470), yen(10_000), start(), &rules()).unwrap().next;
    assert!(quick.cancel(Standing::Worker, None, start()).is_ok());
    let refused = monthly(5_000).cancel(Standing::Worker, None, start());
    assert_eq!(refused, Err(PayoutError::NotAsked));
    assert!(monthly(5_000).cancel(Standing::Finance, Some("fraud".into()), start()).is_ok());
    let me = domain::actor::Actor::Member(worker());
    assert_eq!((quick.allowed_actions(me), monthly(5_000).allowed_actions(me)), (vec![PayoutAction::Cancel], vec![]));
}

#[test]
fn payment_is_offered_once_the_bank_has_it() {
    let finance = domain::actor::Actor::Staff(id(9), Role::Finance);
    let processing = monthly(5_000).process(id(80), account("0005"), start(), &rules()).unwrap().next;
    assert_eq!(processing.allowed_actions(finance), []);
    assert_eq!(processing.fail("no".into(), start()), Err(PayoutError::NotSent), "the bank has not seen it");
    assert_eq!(sent(&monthly(5_000)).allowed_actions(finance), [PayoutAction::Pay, PayoutAction::Fail]);
}

#[test]
fn a_reason_is_kept_while_it_is_held() {
    let held = monthly(5_000).hold("A name that does not match".into(), start()).unwrap().next;
    assert_eq!((held.state, held.reason.as_deref()), (PayoutState::Held, Some("A name that does not match")));
    let resumed = held.resume(start() + days(1)).unwrap().next;
    assert_eq!((resumed.state, resumed.reason), (PayoutState::Requested, None));
}

#[derive(Debug, Clone, Copy)]
struct Attempt(PayoutAction, Standing);

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let who = prop::sample::select(vec![Standing::Worker, Standing::Finance]);
    prop::collection::vec((prop::sample::select(PayoutAction::ALL), who).prop_map(|(a, w)| Attempt(a, w)), 1..12)
}

fn take(
    payout: &Payout,
    Attempt(action, standing): Attempt,
) -> Result<domain::decision::Decision<Payout>, PayoutError> {
    let now = start();
    match action {
        PayoutAction::Hold => payout.hold("why".into(), now),
        PayoutAction::Resume => payout.resume(now),
        PayoutAction::Cancel => payout.cancel(standing, None, now),
        PayoutAction::Process => payout.process(id(80), account("0005"), now, &rules()),
        PayoutAction::Pay => payout.pay(&settlement(), now),
        PayoutAction::Fail => payout.fail("why".into(), now),
        PayoutAction::Return => payout.send_back("why".into(), &settlement(), now),
    }
}

proptest! {
    /// Every yen that left is on its way, at the bank, taken as a fee, or back: whatever is tried in whatever order.
    #[test]
    fn every_yen_of_a_payout_is_somewhere(quick: bool, tries in attempts()) {
        let legs = ReleaseLegs { net: yen(10_000), system_fee: yen(0), consumption_tax: yen(0), withheld: yen(0) };
        let begun = if quick {
            Payout::quick(asked(), yen(9_470), yen(10_000), start(), &rules()).unwrap()
        } else {
            Payout::monthly(asked(), yen(10_000), start(), &rules()).unwrap()
        };
        let mut books = Balances::default();
        for entry in [
            JournalEntry::bank_received(client(), yen(10_000)).unwrap(),
            JournalEntry::escrow_funded(client(), id(1), yen(10_000)).unwrap(),
            JournalEntry::escrow_released(id(1), client(), worker(), legs).unwrap(),
        ] {
            books.apply(&entry).unwrap();
        }
        let mut payout = begun.next.clone();
        begun.entries.iter().for_each(|entry| books.apply(entry).unwrap());
        for attempt in tries {
            let Ok(decision) = take(&payout, attempt) else { continue };
            decision.entries.iter().for_each(|entry| books.apply(entry).unwrap());
            // The bank has a batch as soon as it is made.
            payout = Payout { sent_at: decision.next.batch.map(|_| start()), ..decision.next };
            let on_its_way = if payout.state.is_under_way() { payout.amount } else { yen(0) };
            prop_assert_eq!(books.of(Account::PayoutTransit(payout.id), Currency::Jpy), on_its_way.amount());
            prop_assert_eq!(books.of(Account::Earnings(worker()), Currency::Jpy), payout.given_back().unwrap().amount());
        }
        prop_assert!(!payout.state.is_final() || payout.given_back().unwrap().is_positive());
    }
}
