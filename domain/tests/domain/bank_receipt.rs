//! What the bank shows.

use domain::bank_receipt::{BankReceipt, BankReceiptError, StatementLine};

use crate::scene::{client, date, id, start, yen};

fn line(received_on: &str) -> StatementLine {
    let received_on = date(received_on);
    StatementLine {
        bank_reference: "20260401-1".into(),
        transfer_reference: None,
        sender: "YAMADA".into(),
        amount: yen(5_000),
        received_on,
    }
}

#[test]
fn a_transfer_is_not_recorded_before_its_value_date() {
    let record = |on| BankReceipt::record(id(1), line(on), client(), start()).map(|receipt| receipt.payment);
    assert_eq!(record("2026-04-01"), Ok(None), "the day itself, in Tokyo");
    assert_eq!(record("2026-04-02"), Err(BankReceiptError::Ahead));
}

#[test]
fn a_receipt_belongs_to_one_payment_for_ever() {
    let receipt = BankReceipt::record(id(1), line("2026-04-01"), client(), start()).unwrap();
    let matched = receipt.matched(id(2), start()).unwrap();
    assert_eq!(matched.payment, Some(id(2)));
    assert_eq!(matched.matched(id(2), start()), Err(BankReceiptError::Matched));
}
