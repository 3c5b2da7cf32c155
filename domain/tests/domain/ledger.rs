use std::collections::BTreeMap;

use domain::ids::{EscrowId, MemberId, PayoutId, RefundId};
use domain::ledger::{
    Account, Balances, EntryKind, Finding, InvalidEntry, JournalEntry, Posting, QuickFee, ReleaseLegs, Transfer, verify,
};
use domain::money::{Currency, MAX_AMOUNT, Money};
use proptest::prelude::*;

use crate::scene::{client, id, worker, yen};

fn legs(net: i64, system_fee: i64, consumption_tax: i64) -> ReleaseLegs {
    let [net, system_fee, consumption_tax, withheld] = [net, system_fee, consumption_tax, 0].map(yen);
    ReleaseLegs { net, system_fee, consumption_tax, withheld }
}

fn amounts(entry: &JournalEntry) -> BTreeMap<Account, i64> {
    entry.postings().iter().map(|posting| (posting.account, posting.amount)).collect()
}

/// The same amounts, the other way.
fn reversed(entry: &JournalEntry) -> JournalEntry {
    let postings = entry.postings().iter().map(|posting| Posting { amount: -posting.amount, ..*posting }).collect();
    JournalEntry::from_postings(EntryKind::Reversal, entry.currency(), postings).unwrap()
}

#[test]
fn a_release_books_the_worked_example() {
    let entry = JournalEntry::escrow_released(id(9), client(), worker(), legs(40_000, 9_091, 909)).unwrap();
    let expected = [
        (Account::Escrow(id(9)), 50_000),
        (Account::Earnings(worker()), -40_000),
        (Account::SystemFee, -9_091),
        (Account::ConsumptionTax, -909),
    ];
    assert_eq!(amounts(&entry), BTreeMap::from(expected));
}

#[test]
fn withheld_tax_is_the_clients_and_leaves_the_workers_earnings() {
    let legs = ReleaseLegs { withheld: yen(1_021), ..legs(6_979, 1_819, 181) };
    let entry = JournalEntry::escrow_released(id(9), client(), worker(), legs).unwrap();
    assert_eq!(legs.gross(), Ok(yen(10_000)));
    assert_eq!(amounts(&entry)[&Account::WithholdingTax(client())], -1_021);
    assert_eq!(amounts(&entry)[&Account::Escrow(id(9))], 10_000);
}

#[test]
fn a_split_leaves_nothing_in_escrow() {
    let entry = JournalEntry::escrow_split(id(9), client(), worker(), legs(8_000, 1_819, 181), yen(5_000)).unwrap();
    assert_eq!(amounts(&entry)[&Account::Escrow(id(9))], 15_000);
    assert_eq!(amounts(&entry)[&Account::ClientFunds(client())], -5_000);
}

#[test]
fn a_failed_quick_payout_gives_back_its_fee() {
    let (payout, fee) = (id(7), QuickFee { revenue: yen(482), tax: yen(48) });
    let requested = JournalEntry::quick_payout_requested(worker(), payout, yen(9_470), fee).unwrap();
    let failed = JournalEntry::payout_failed(worker(), payout, yen(9_470), Some(fee)).unwrap();
    assert_eq!(amounts(&failed), amounts(&reversed(&requested)));
    assert_eq!(amounts(&requested)[&Account::Earnings(worker())], 10_000);
}

#[test]
fn postings_of_nothing_are_left_out_and_entries_of_nothing_refused() {
    let settled = JournalEntry::payout_settled(id(7), yen(10_000), yen(0)).unwrap();
    assert_eq!(settled.postings().len(), 2);
    assert_eq!(JournalEntry::bank_received(client(), yen(0)), Err(InvalidEntry::Empty));
    assert_eq!(JournalEntry::of(EntryKind::BankCharged, &[]), Err(InvalidEntry::Empty));
    let circle = Transfer { debit: Account::Bank, credit: Account::Bank, amount: yen(1) };
    assert_eq!(JournalEntry::of(EntryKind::BankCharged, &[circle]), Err(InvalidEntry::Empty));
}

#[test]
fn money_does_not_flow_backwards_nor_change_its_currency() {
    assert_eq!(JournalEntry::bank_received(client(), yen(-1)), Err(InvalidEntry::Negative));
    let dollars = Money::new(1, Currency::Usd).unwrap();
    assert_eq!(JournalEntry::payout_settled(id(7), yen(1), dollars), Err(InvalidEntry::MixedCurrencies));
    assert_eq!(JournalEntry::gateway_transferred(yen(MAX_AMOUNT), yen(1)), Err(InvalidEntry::OutOfRange));
}

#[test]
fn stored_postings_that_make_no_sense_are_not_an_entry() {
    let posting = |account, amount| Posting { account, amount };
    let read = |postings| JournalEntry::from_postings(EntryKind::BankCharged, Currency::Jpy, postings);
    assert_eq!(read(vec![]), Err(InvalidEntry::Empty));
    assert_eq!(read(vec![posting(Account::Bank, 0)]), Err(InvalidEntry::Empty));
    assert_eq!(read(vec![posting(Account::Bank, 2), posting(Account::BankFee, -1)]), Err(InvalidEntry::Unbalanced(1)));
    assert_eq!(
        read(vec![posting(Account::Bank, 2), posting(Account::Bank, -2)]),
        Err(InvalidEntry::Twice(Account::Bank))
    );
    assert_eq!(read(vec![posting(Account::Bank, i64::MIN)]), Err(InvalidEntry::OutOfRange));
}

#[test]
fn an_entry_survives_being_stored() {
    let entry = JournalEntry::escrow_funded(client(), id(9), yen(1)).unwrap();
    let read = JournalEntry::from_postings(entry.kind(), entry.currency(), entry.postings().to_vec());
    assert_eq!(read, Ok(entry));
}

#[test]
fn the_audit_finds_each_kind_of_fault() {
    let posting = |account, amount| Posting { account, amount };
    let (funds, escrow) = (Account::ClientFunds(client()), Account::Escrow(id(9)));
    let books = [
        (id(1), Currency::Jpy, vec![]),
        (id(2), Currency::Jpy, vec![posting(Account::Bank, 5)]),
        (id(3), Currency::Jpy, vec![posting(funds, 7), posting(escrow, -7)]),
    ];
    let mut report = verify(books);
    report.compare_balances([(escrow, Currency::Jpy, 6)]);
    report.check_ended([id(9)]);
    let jpy = Currency::Jpy;
    let expected = [
        Finding::EmptyEntry { entry: id(1) },
        Finding::UnbalancedEntry { entry: id(2), currency: jpy, sum: 5 },
        Finding::NegativeBalance { account: funds, currency: jpy, balance: -7 },
        Finding::EquationBroken { currency: jpy, difference: 5 },
        Finding::BalanceDiffers { account: funds, currency: jpy, stored: None, folded: -7 },
        Finding::BalanceDiffers { account: escrow, currency: jpy, stored: Some(6), folded: 7 },
        Finding::EndedEscrowNotEmpty { escrow: id(9), currency: jpy, balance: 7 },
    ];
    assert_eq!(report.findings, expected);
    assert!(!report.is_sound());
}

#[test]
fn what_is_on_its_way_is_held_until_it_is_over_and_no_longer() {
    let entries = [
        JournalEntry::card_settled(client(), yen(10)).unwrap(),
        JournalEntry::refund_requested(client(), refund(1), yen(4)).unwrap(),
        JournalEntry::capital_paid_in(yen(9)).unwrap(),
    ];
    let books = || verify((1..).map(id).zip(&entries).map(|(id, entry)| (id, Currency::Jpy, entry.postings())));
    let jpy = Currency::Jpy;
    let mut report = books();
    let (back, out) =
        (|number| Account::RefundTransit(refund(number)), |number| Account::PayoutTransit(payout(number)));
    report.check_transit([(back(1), jpy, 4), (back(2), jpy, 0), (out(1), jpy, 0)]);
    assert!(report.is_sound(), "{:?}", report.findings);
    report.check_transit([(back(1), jpy, 0), (back(2), jpy, 3), (out(1), jpy, 5)]);
    let expected = [
        Finding::TransitDiffers { account: back(1), currency: jpy, balance: 4, wanted: 0 },
        Finding::TransitDiffers { account: back(2), currency: jpy, balance: 0, wanted: 3 },
        Finding::TransitDiffers { account: out(1), currency: jpy, balance: 0, wanted: 5 },
    ];
    assert_eq!(report.findings, expected);
}

#[test]
fn an_account_without_a_stored_balance_may_be_missing_when_it_is_the_platforms() {
    let entry = JournalEntry::bank_charged(yen(500)).unwrap();
    let mut report = verify([(id(1), Currency::Jpy, entry.postings())]);
    report.compare_balances([]);
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.entries, report.postings), (1, 2));
}

#[test]
fn a_balance_stays_within_what_can_be_held_exactly() {
    let mut balances = Balances::default();
    balances.put(Account::ClientFunds(client()), Currency::Jpy, MAX_AMOUNT);
    let before = balances.clone();
    let refused = balances.apply(&JournalEntry::bank_received(client(), yen(1)).unwrap()).unwrap_err();
    assert_eq!((refused.balance, refused.change), (MAX_AMOUNT, 1));
    assert_eq!(balances, before);
}

/// A name and an amount.
type Heap = (String, i64);

/// A few members, escrows, payouts and refunds, so that operations meet.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Receive { client: u8, amount: i64 },
    Fund { client: u8, escrow: u8, amount: i64 },
    Release { client: u8, escrow: u8, worker: u8, amount: i64 },
    Refund { client: u8, escrow: u8, amount: i64 },
    Pay { worker: u8, payout: u8, amount: i64 },
    Settle { payout: u8, amount: i64 },
    GiveBack { client: u8, refund: u8, amount: i64 },
}

fn operation() -> impl Strategy<Value = Operation> {
    let (one, amount) = (|| 1_u8..4, || 1_i64..1_000);
    prop_oneof![
        (one(), amount()).prop_map(|(client, amount)| Operation::Receive { client, amount }),
        (one(), one(), amount()).prop_map(|(client, escrow, amount)| Operation::Fund { client, escrow, amount }),
        (one(), one(), one(), amount()).prop_map(|(client, escrow, worker, amount)| Operation::Release {
            client,
            escrow,
            worker,
            amount
        }),
        (one(), one(), amount()).prop_map(|(client, escrow, amount)| Operation::Refund { client, escrow, amount }),
        (one(), one(), amount()).prop_map(|(worker, payout, amount)| Operation::Pay { worker, payout, amount }),
        (one(), amount()).prop_map(|(payout, amount)| Operation::Settle { payout, amount }),
        (one(), one(), amount()).prop_map(|(client, refund, amount)| Operation::GiveBack { client, refund, amount }),
    ]
}

fn member(number: u8) -> MemberId {
    id(u128::from(number))
}

fn escrow(number: u8) -> EscrowId {
    id(u128::from(number))
}

fn payout(number: u8) -> PayoutId {
    id(u128::from(number))
}

fn refund(number: u8) -> RefundId {
    id(u128::from(number))
}

impl Operation {
    fn entry(self) -> JournalEntry {
        let entry = match self {
            Self::Receive { client, amount } => JournalEntry::bank_received(member(client), yen(amount)),
            Self::Fund { client, escrow: to, amount } => {
                JournalEntry::escrow_funded(member(client), escrow(to), yen(amount))
            }
            Self::Release { client, escrow: from, worker, amount } => {
                let legs = legs(amount - amount / 5, amount / 5, 0);
                JournalEntry::escrow_released(escrow(from), member(client), member(worker), legs)
            }
            Self::Refund { client, escrow: from, amount } => {
                JournalEntry::escrow_refunded(escrow(from), member(client), yen(amount))
            }
            Self::Pay { worker, payout: by, amount } => {
                JournalEntry::payout_requested(member(worker), payout(by), yen(amount))
            }
            Self::Settle { payout: by, amount } => JournalEntry::payout_settled(payout(by), yen(amount), yen(0)),
            Self::GiveBack { client, refund: by, amount } => {
                JournalEntry::refund_requested(member(client), refund(by), yen(amount))
            }
        };
        entry.unwrap()
    }

    /// The same in the plainest words: what is taken where, and what is put where.
    fn model(self) -> (Option<Heap>, Vec<Heap>) {
        match self {
            Self::Receive { client, amount } => (None, vec![(format!("client_funds {client}"), amount)]),
            Self::Fund { client, escrow, amount } => {
                (Some((format!("client_funds {client}"), amount)), vec![(format!("escrow {escrow}"), amount)])
            }
            Self::Release { escrow, worker, amount, .. } => {
                let fee = amount / 5;
                let put = vec![(format!("earnings {worker}"), amount - fee), ("system_fee".into(), fee)];
                (Some((format!("escrow {escrow}"), amount)), put)
            }
            Self::Refund { client, escrow, amount } => {
                (Some((format!("escrow {escrow}"), amount)), vec![(format!("client_funds {client}"), amount)])
            }
            Self::Pay { worker, payout, amount } => {
                (Some((format!("earnings {worker}"), amount)), vec![(format!("payout_transit {payout}"), amount)])
            }
            Self::Settle { payout, amount } => (Some((format!("payout_transit {payout}"), amount)), vec![]),
            Self::GiveBack { client, refund, amount } => {
                (Some((format!("client_funds {client}"), amount)), vec![(format!("refund_transit {refund}"), amount)])
            }
        }
    }
}

/// Runs it on the model. `false` if there is not enough, and nothing has changed then.
fn run(model: &mut BTreeMap<String, i64>, operation: Operation) -> bool {
    let (taken, put) = operation.model();
    if let Some((from, amount)) = taken {
        let held = model.entry(from).or_default();
        if *held < amount {
            return false;
        }
        *held -= amount;
    }
    for (to, amount) in put {
        *model.entry(to).or_default() += amount;
    }
    true
}

fn name(account: Account) -> Option<String> {
    let kind = account.kind();
    match account.owner() {
        Some(owner) => Some(format!("{kind} {}", owner.as_u128())),
        // The bank stands against everything else; the audit checks it.
        None => (account != Account::Bank).then(|| kind.to_string()),
    }
}

proptest! {
    #[test]
    fn random_operations_agree_with_the_model_and_a_refused_one_changes_nothing(
        operations in prop::collection::vec(operation(), 1..120),
    ) {
        let (mut balances, mut model, mut books) = (Balances::default(), BTreeMap::new(), Vec::new());
        for operation in operations {
            let before = balances.clone();
            let entry = operation.entry();
            let accepted = balances.apply(&entry).is_ok();
            prop_assert_eq!(accepted, run(&mut model, operation), "{:?}", operation);
            if accepted {
                books.push(entry);
            } else {
                prop_assert_eq!(&balances, &before);
            }
        }
        model.retain(|_, held| *held != 0);
        let named = balances.iter().filter_map(|(account, _, balance)| name(account).map(|name| (name, balance)));
        let named: BTreeMap<_, _> = named.filter(|(_, balance)| *balance != 0).collect();
        prop_assert_eq!(named, model);

        let mut report = verify(books.iter().zip(1..).map(|(entry, number)| (id(number), entry.currency(), entry.postings())));
        report.compare_balances(balances.iter().filter(|(account, ..)| account.kind().has_balance_row()));
        prop_assert!(report.is_sound(), "{:?}", report.findings);
    }

    #[test]
    fn an_entry_and_its_reversal_leave_no_trace(operation in operation()) {
        let entry = operation.entry();
        let mut balances = Balances::default();
        for account in entry.postings().iter().map(|posting| posting.account) {
            balances.put(account, Currency::Jpy, 1_000_000);
        }
        let before = balances.clone();
        balances.apply(&entry).unwrap();
        prop_assert_ne!(&balances, &before);
        balances.apply(&reversed(&entry)).unwrap();
        prop_assert_eq!(balances, before);
    }
}
