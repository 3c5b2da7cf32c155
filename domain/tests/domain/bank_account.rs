//! Accounts at Japanese banks, by their form.

use domain::{
    bank_account::{
        AccountDetails, AccountNumber, AccountType, BankAccount, BankAccountState, BankCode, BranchCode,
        InvalidBankAccount,
    },
    kana::{KanaError, KanaName},
};
use proptest::prelude::*;

use crate::scene::{start, worker};

fn kana(text: &str) -> String {
    KanaName::parse(text).unwrap().to_string()
}

fn details(number: &str) -> AccountDetails {
    AccountDetails {
        bank: "0036".parse().unwrap(),
        branch: "101".parse().unwrap(),
        account_type: AccountType::Ordinary,
        number: AccountNumber::filled(number).unwrap(),
        holder: KanaName::parse("ヤマダ ハナコ").unwrap(),
    }
}

#[test]
fn a_name_is_kept_as_banks_write_it() {
    for (written, kept) in [
        ("ヤマダ ハナコ", "ﾔﾏﾀﾞ ﾊﾅｺ"),
        ("ﾔﾏﾀﾞ ﾊﾅｺ", "ﾔﾏﾀﾞ ﾊﾅｺ"),
        ("やまだ　はなこ", "ﾔﾏﾀﾞ ﾊﾅｺ"),
        ("きょうとショップ", "ｷﾖｳﾄｼﾖﾂﾌﾟ"),
        ("スーパー", "ｽ-ﾊﾟ-"),
        ("ﾎﾟｰﾙ", "ﾎﾟ-ﾙ"),
        ("ヴィーナス", "ｳﾞｲ-ﾅｽ"),
        ("カ）アズカリ", "ｶ)ｱｽﾞｶﾘ"),
        ("Azukari Ｃｏ．", "AZUKARI CO."),
        ("  ヲン１２3 ", "ｦﾝ123"),
        ("か\u{3099}", "ｶﾞ"),
        ("「ア」／ー", "｢ｱ｣/-"),
    ] {
        assert_eq!(kana(written), kept, "{written}");
    }
}

#[test]
fn what_banks_do_not_take_is_refused_by_character() {
    for (name, character) in [
        ("山田", '山'),
        ("ヤマダ･ハナコ", '･'),
        ("ヤマダ・ハナコ", '・'),
        ("ヰ", 'ヰ'),
        ("A_B", '_'),
        ("ア\nイ", '\n'),
        ("ア😀", '😀'),
    ] {
        assert_eq!(KanaName::parse(name), Err(KanaError::Character(character)), "{name}");
    }
    assert_eq!(KanaName::parse(" 　"), Err(KanaError::Empty));
}

#[test]
fn a_voicing_mark_counts_against_the_thirty_bytes() {
    assert_eq!(kana(&"ガ".repeat(15)).chars().count(), 30);
    assert_eq!(KanaName::parse(&"ガ".repeat(16)), Err(KanaError::TooLong(32)));
    assert_eq!(KanaName::parse(&"ア".repeat(31)), Err(KanaError::TooLong(31)));
}

proptest! {
    #[test]
    fn a_name_that_is_taken_is_taken_again_unchanged(text in "[ぁ-ゖァ-ヶｦ-ﾟA-Za-z0-9 ー()/.,-]{1,30}") {
        if let Ok(name) = KanaName::parse(&text) {
            prop_assert_eq!(KanaName::parse(name.as_str()), Ok(name.clone()));
            prop_assert!(name.as_str().chars().count() <= 30);
            prop_assert!(!name.as_str().chars().any(|c| ('ｧ'..='ｰ').contains(&c)), "{}", name);
        }
    }

    #[test]
    fn no_text_at_all_breaks_the_reader(text in ".*") {
        drop(KanaName::parse(&text));
    }
}

#[test]
fn numbers_have_their_exact_length() {
    assert_eq!("0036".parse::<BankCode>().unwrap().as_str(), "0036");
    for code in ["", "36", "00036", "003a", "００３６", " 036"] {
        assert_eq!(code.parse::<BankCode>(), Err(InvalidBankAccount::Digits(4)), "{code}");
    }
    assert_eq!(AccountNumber::filled("123").unwrap().as_str(), "0000123");
    for number in ["", "12345678", "12-345", "１２３"] {
        assert_eq!(AccountNumber::filled(number), Err(InvalidBankAccount::Number), "{number}");
    }
}

#[test]
fn nothing_has_a_number_of_zeros_only() {
    assert_eq!("0000".parse::<BankCode>(), Err(InvalidBankAccount::Zeros));
    assert_eq!("000".parse::<BranchCode>(), Err(InvalidBankAccount::Zeros));
    for number in ["0", "0000000"] {
        assert_eq!(AccountNumber::filled(number), Err(InvalidBankAccount::Zeros), "{number}");
    }
    let holder = KanaName::parse("ユウチョ").unwrap();
    assert_eq!(AccountDetails::japan_post("10530", "01", holder), Err(InvalidBankAccount::PostNumber));
}

#[test]
fn the_same_account_again_changes_nothing_unless_the_bank_had_refused_it() {
    let account = BankAccount::first(worker(), 1, details("1"), start()).next;
    assert_eq!(account.change(details("1"), start()), None);
    assert!(account.change(details("2"), start()).is_some());
    let failing = account.fail(&details("1"), "closed", start()).unwrap().next;
    assert!(failing.change(details("1"), start()).unwrap().next.is_usable());
}

#[test]
fn an_account_at_japan_post_is_reached_as_other_banks_do() {
    let holder = || KanaName::parse("ユウチョ").unwrap();
    let account = AccountDetails::japan_post("10530", "12345671", holder()).unwrap();
    let read = (account.bank.as_str(), account.branch.as_str(), account.number.as_str(), account.account_type);
    assert_eq!(read, ("9900", "058", "1234567", AccountType::Ordinary));
    assert_eq!(AccountDetails::japan_post("11940", "4281", holder()).unwrap().number.as_str(), "0000428");
    for symbol in ["1053", "105300", "20530", "10531", "1o530", "１０５３０"] {
        assert_eq!(
            AccountDetails::japan_post(symbol, "12345671", holder()),
            Err(InvalidBankAccount::Symbol),
            "{symbol}"
        );
    }
    for number in ["", "1", "12345670", "123456781", "1234567a", "a1"] {
        assert_eq!(
            AccountDetails::japan_post("10530", number, holder()),
            Err(InvalidBankAccount::PostNumber),
            "{number}"
        );
    }
}

#[test]
fn an_account_fails_only_while_it_is_still_the_one_that_was_refused() {
    let account = BankAccount::first(worker(), 1, details("1"), start()).next;
    let failing = account.fail(&details("1"), "closed", start()).unwrap().next;
    assert_eq!((failing.state, failing.is_usable()), (BankAccountState::Failing, false));
    assert_eq!(failing.failure_reason.as_deref(), Some("closed"));
    assert_eq!(account.fail(&details("2"), "closed", start()), None);
    let corrected = failing.change(details("2"), start()).unwrap().next;
    assert_eq!((corrected.is_usable(), corrected.failure_reason), (true, None));
}
