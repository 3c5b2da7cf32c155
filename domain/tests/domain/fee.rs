use domain::fee::{FeeBasis, FeeSchedule, NoSuchNet, TaxMode};
use domain::money::{MAX_AMOUNT, MoneyError};
use domain::terms::FundedAhead;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::scene::{Deal, yen};

const FEES: &str = include_str!("../vectors/fees.csv");
const ACCUMULATING: &str = include_str!("../vectors/fees_accumulating.csv");

fn numbers(text: &str, separator: char) -> Vec<i64> {
    text.split(separator).map(|number| number.parse().unwrap()).collect()
}

fn net(schedule: &FeeSchedule, gross: i64) -> i64 {
    schedule.release_fee(0, gross).unwrap().net
}

#[test]
fn the_published_vectors_hold() {
    let (included, added) = (FeeSchedule::standard(), FeeSchedule::standard_tax_added());
    let rows: Vec<_> = FEES.lines().skip(1).map(|line| numbers(line, ',')).collect();
    assert_eq!(rows.len(), 18);
    for row in rows {
        let (with, without) = (included.release_fee(0, row[0]).unwrap(), added.release_fee(0, row[0]).unwrap());
        let found = [with.gross, with.charged(), with.net, without.charged(), without.net];
        assert_eq!(found.as_slice(), row.as_slice());
    }
}

#[test]
fn the_accumulating_vectors_hold() {
    for line in ACCUMULATING.lines().skip(1) {
        let (bills, fees) = line.split_once(',').unwrap();
        let mut before = 0;
        for (bill, fee) in numbers(bills, ' ').into_iter().zip(numbers(fees, ' ')) {
            assert_eq!(FeeSchedule::standard().release_fee(before, bill).unwrap().fee, fee, "{bill} after {before}");
            before += bill;
        }
    }
}

#[test]
fn an_included_tax_is_part_of_the_fee_and_an_added_one_is_not() {
    let included = FeeSchedule::standard().release_fee(0, 10_000).unwrap();
    assert_eq!((included.fee, included.tax, included.revenue(), included.net), (2_000, 181, 1_819, 8_000));
    let added = FeeSchedule::standard_tax_added().release_fee(0, 10_000).unwrap();
    assert_eq!((added.fee, added.tax, added.revenue(), added.net), (2_000, 200, 2_000, 7_800));
    assert_eq!((included.client_total, added.client_total), (10_000, 10_000));
}

#[test]
fn a_release_across_brackets_shows_what_lies_in_each() {
    let fee = FeeSchedule::standard().release_fee(60_000, 60_000).unwrap();
    let parts: Vec<_> = fee.parts.iter().map(|part| (part.from, part.to, part.amount, part.fee)).collect();
    assert_eq!(parts, [(60_000, 100_000, 40_000, 8_000), (100_000, 120_000, 20_000, 2_000)]);
}

#[test]
fn a_release_of_nothing_costs_nothing() {
    let fee = FeeSchedule::standard().release_fee(100_000, 0).unwrap();
    assert_eq!((fee.fee, fee.tax, fee.net, fee.parts.len()), (0, 0, 0, 0));
}

#[test]
fn amounts_that_cannot_be_are_refused() {
    let schedule = FeeSchedule::standard();
    for (before, gross) in [(-1, 1), (1, -1), (MAX_AMOUNT, 1), (1, MAX_AMOUNT), (i64::MAX, i64::MAX)] {
        assert_eq!(schedule.release_fee(before, gross), Err(MoneyError::OutOfRange), "{gross} after {before}");
    }
    assert_eq!(schedule.fee(MAX_AMOUNT), Ok(450_359_962_772_049), "5% of 2^53 - 1, and 35,000 for the first 500,000");
}

#[test]
fn a_contract_finds_the_schedule_it_was_signed_under() {
    for schedule in FeeSchedule::published() {
        assert_eq!(FeeSchedule::find(&schedule.version), Some(schedule));
    }
    assert_eq!(FeeSchedule::find("gone"), None);
}

#[test]
fn a_schedule_is_told_from_every_other_by_its_name() {
    let names: Vec<_> = FeeSchedule::published().into_iter().map(|schedule| schedule.version).collect();
    let both = ["standard-1", "standard-1-tax-added"].map(str::to_owned);
    let lifetime = both.clone().map(|name| name + "-client-lifetime");
    assert_eq!(names, [both, lifetime].concat());
}

#[test]
fn fees_accumulate_by_contract_or_by_all_that_two_members_do_together() {
    let mut deal = Deal::signed(&[60_000], FundedAhead::Current);
    deal.contract.released = yen(10_000);
    for (basis, before) in [(FeeBasis::Contract, 10_000), (FeeBasis::ClientLifetime, 70_000)] {
        let schedule = FeeSchedule::standard_with(TaxMode::Included, basis);
        assert_eq!(deal.contract.fee_terms(&schedule, yen(70_000)).before, yen(before), "{basis}");
    }
}

#[test]
fn every_published_schedule_leaves_something_of_each_yen() {
    for schedule in FeeSchedule::published() {
        let limits: Vec<_> = schedule.brackets.iter().map(|bracket| bracket.up_to.unwrap_or(i64::MAX)).collect();
        assert!(limits.is_sorted() && limits.last() == Some(&i64::MAX), "{}", schedule.version);
        let most = Decimal::ONE / (Decimal::ONE + schedule.tax_rate);
        assert!(schedule.brackets.iter().all(|bracket| bracket.rate < most), "{}", schedule.version);
    }
}

#[test]
fn a_net_of_nothing_has_no_price_and_the_nearest_is_told() {
    let nearest = Err(NoSuchNet { next_net: 1, next_gross: 1 });
    assert_eq!(FeeSchedule::standard().gross_for_net(0), nearest);
    assert_eq!(FeeSchedule::standard_tax_added().gross_for_net(-5), nearest);
}

#[test]
fn a_net_past_every_price_is_refused_with_the_largest_there_is() {
    for schedule in FeeSchedule::published() {
        let refused = schedule.gross_for_net(MAX_AMOUNT).unwrap_err();
        assert_eq!(net(&schedule, refused.next_gross), refused.next_net);
        assert!(refused.next_net >= net(&schedule, MAX_AMOUNT));
        assert_eq!(schedule.gross_for_net(refused.next_net), Ok(refused.next_gross));
        assert!(schedule.gross_for_net(refused.next_net + 1).is_err());
    }
}

#[test]
fn every_small_net_has_the_smallest_price_that_a_scan_finds() {
    for schedule in FeeSchedule::published() {
        let mut smallest = std::collections::BTreeMap::new();
        for gross in (1..150_000).rev() {
            smallest.insert(net(&schedule, gross), gross);
        }
        for wanted in (1..=2_000).chain(79_000..=81_000).chain(110_000..=110_500) {
            assert_eq!(schedule.gross_for_net(wanted).ok(), smallest.get(&wanted).copied(), "{wanted}");
        }
    }
}

fn schedules() -> impl Strategy<Value = FeeSchedule> {
    prop::sample::select(FeeSchedule::published())
}

proptest! {
    #[test]
    fn fees_of_parts_add_up_to_the_fee_of_the_whole(
        schedule in schedules(),
        releases in prop::collection::vec(0_i64..400_000, 1..12),
    ) {
        let mut before = 0;
        let mut fees = 0;
        for gross in releases {
            let fee = schedule.release_fee(before, gross).unwrap();
            prop_assert_eq!(fee.parts.iter().map(|part| part.fee).sum::<i64>(), fee.fee);
            prop_assert_eq!(fee.parts.iter().map(|part| part.amount).sum::<i64>(), gross);
            prop_assert_eq!(fee.net + fee.revenue() + fee.tax, gross);
            prop_assert!(fee.net >= 0 && fee.tax >= 0 && fee.revenue() >= 0);
            before += gross;
            fees += fee.fee;
        }
        prop_assert_eq!(fees, schedule.fee(before).unwrap());
    }

    #[test]
    fn the_reverse_quote_is_the_inverse_and_the_smallest(schedule in schedules(), wanted in 1_i64..1 << 50) {
        let gross = schedule.gross_for_net(wanted).unwrap();
        prop_assert_eq!(net(&schedule, gross), wanted);
        // The net grows by one at most, so whatever lies far enough below is smaller; look at the rest.
        for smaller in (gross - 50).max(0)..gross {
            prop_assert!(net(&schedule, smaller) < wanted, "{} already gives {}", smaller, wanted);
        }
    }

    #[test]
    fn a_quote_and_its_reverse_agree(schedule in schedules(), gross in 2_i64..1 << 50) {
        let smallest = schedule.gross_for_net(net(&schedule, gross)).unwrap();
        prop_assert!(smallest <= gross);
        if schedule.tax == TaxMode::Included {
            prop_assert!(gross - smallest <= 1);
        }
    }
}
