//! What was earned, and how it is taken out and given back.

use domain::{
    escrow::Escrow,
    release::{PayoutLine, Release, give_back, payment_due_on, take},
    rules::PayoutRules,
};
use proptest::prelude::*;

use crate::scene::{client, date, days, id, start, worker, yen};

fn release(number: u128, remaining: i64) -> Release {
    let escrow = Escrow::new(id(number), client(), worker(), yen(1_000_000), start());
    let release = Release::of(&escrow, id(30), yen(1_000_000), None, start(), &PayoutRules::default()).unwrap();
    Release { remaining: yen(remaining), ..release }
}

fn line(number: u128, amount: i64) -> PayoutLine {
    PayoutLine { escrow: id(number), amount: yen(amount) }
}

#[test]
fn the_day_of_delivery_is_the_first_of_sixty() {
    let rules = PayoutRules::default();
    assert_eq!(payment_due_on(Some(start()), start() + days(11), &rules), date("2026-05-30"));
    assert_eq!(payment_due_on(None, start(), &rules), date("2026-05-30"));
    let late = "2026-04-01T15:00:00Z".parse().unwrap();
    assert_eq!(payment_due_on(Some(late), late, &rules), date("2026-05-31"), "it is the next day in Tokyo");
}

#[test]
fn nothing_earned_is_no_release() {
    let escrow = Escrow::new(id(1), client(), worker(), yen(1), start());
    assert_eq!(Release::of(&escrow, id(30), yen(0), None, start(), &PayoutRules::default()), None);
}

#[test]
fn the_oldest_is_taken_first() {
    let releases = [release(1, 3_000), release(2, 0), release(3, 5_000), release(4, 7_000)];
    assert_eq!(take(&releases, yen(4_000)), Ok(vec![line(1, 3_000), line(3, 1_000)]));
    assert_eq!(take(&releases, yen(0)), Ok(vec![]));
}

#[test]
fn the_oldest_is_given_back_first() {
    let lines = [line(1, 3_000), line(3, 1_000)];
    assert_eq!(give_back(&lines, yen(4_000)), Ok(lines.to_vec()));
    assert_eq!(give_back(&lines, yen(3_500)), Ok(vec![line(1, 3_000), line(3, 500)]));
    assert_eq!(give_back(&lines, yen(1_000)), Ok(vec![line(1, 1_000)]));
}

proptest! {
    #[test]
    fn what_is_taken_is_what_was_asked_for_or_all_there_is(remaining in prop::collection::vec(0..50_000_i64, 0..9), asked in 0..300_000_i64) {
        let releases: Vec<_> = (1_u128..).zip(&remaining).map(|(number, amount)| release(number, *amount)).collect();
        let taken = take(&releases, yen(asked)).unwrap();
        let sum: i64 = taken.iter().map(|line| line.amount.amount()).sum();
        prop_assert_eq!(sum, asked.min(remaining.iter().sum()));
        for line in taken {
            let of = releases.iter().find(|release| release.escrow == line.escrow).unwrap();
            prop_assert!(line.amount.is_positive() && line.amount.amount() <= of.remaining.amount());
        }
    }
}
