//! Passwords, usernames, and the patience with those who guess.

use chrono::TimeDelta;
use domain::{
    guessing::{ACCOUNT, CODE, MEMORY, PAIR, Tally},
    password::{Password, WeakPassword, spelled},
    username::{InvalidUsername, Username},
};

use crate::scene::start;

const HANAKO: [&str; 2] = ["hanako.yamada@example.com", "Hanako Yamada"];

fn choose(text: &str) -> Result<Password, WeakPassword> {
    Password::choose(text, false, &HANAKO)
}

#[test]
fn a_password_alone_has_fifteen_characters_and_beside_a_second_factor_eight() {
    assert_eq!(choose("Vz8!kqPw2#rTdM"), Err(WeakPassword::TooShort { least: 15 }));
    assert!(!choose("Vz8!kqPw2#rTdMy").unwrap().is_short());
    assert_eq!(Password::choose("Vz8!kqP", true, &HANAKO), Err(WeakPassword::TooShort { least: 8 }));
    assert!(Password::choose("Vz8!kqPw", true, &HANAKO).unwrap().is_short());
    assert_eq!(choose(&"correct horse ".repeat(10)), Err(WeakPassword::TooLong));
}

#[test]
fn no_rule_says_of_which_characters_a_password_is_made() {
    for password in ["correct horse battery staple", "七つの海を渡る鳥は夜に歌わない", "🐎🔋📎🎏🐙🦜🍙🎋🧵🗻🚲🪁🧭🎐🪭"]
    {
        assert!(choose(password).is_ok(), "{password}");
    }
}

#[test]
fn what_is_easily_guessed_is_no_password_however_long_it_is() {
    for password in [
        "passwordpassword",
        "password1234567890",
        "aaaaaaaaaaaaaaaaaaaa",
        "123456789012345678",
        "qwertyuiopasdfgh",
        "P@ssw0rdP@ssw0rd",
        "abcdefghijklmnopqrst",
        "hanako.yamada@example.com",
        "hanakoyamadahanako",
        "HanakoYamada2026",
        "azukariazukariazukari",
    ] {
        assert_eq!(choose(password), Err(WeakPassword::Guessable), "{password}");
    }
}

#[test]
fn a_password_is_the_same_however_its_characters_were_composed() {
    assert_eq!(spelled("ｃａｆｅ\u{301} correct horse"), spelled("café correct horse"));
    let composed = choose("これはながいパスワードのれい").map(|_| ()).unwrap_err();
    assert_eq!(composed, WeakPassword::TooShort { least: 15 }, "voicing marks are not counted apart");
    let half_width = choose("ｺﾚﾊﾅｶﾞｲﾊﾟｽﾜｰﾄﾞﾉﾚｲﾃﾞｽ").unwrap();
    assert_eq!(half_width.as_str(), "コレハナガイパスワードノレイデス");
}

#[test]
fn usernames_have_one_spelling() {
    for (written, name) in
        [("Hanako", "hanako"), ("ＨＡＮＡＫＯ", "hanako"), ("花子.Yamada", "花子.yamada"), ("ハーブ_7", "ハーブ_7")]
    {
        assert_eq!(Username::parse(written).unwrap().as_str(), name);
    }
}

#[test]
fn usernames_that_cannot_be_told_apart_look_the_same() {
    let looks = |name: &str| Username::parse(name).unwrap().skeleton();
    for (one, other) in [("paypal", "paypa1"), ("h0t.tea", "hot.tea"), ("modern", "modem"), ("scope", "ѕсоре")] {
        assert_eq!(looks(one), looks(other), "{one} {other}");
    }
    assert_ne!(looks("hanako"), looks("hanaka"));
}

#[test]
fn a_username_is_refused_for_its_length_characters_scripts_or_meaning() {
    for (name, why) in [
        ("ab", InvalidUsername::Length),
        ("a-name-that-is-far-too-long-to-use", InvalidUsername::Length),
        ("ha nako", InvalidUsername::Characters),
        ("-hanako", InvalidUsername::Characters),
        ("hanako..yamada", InvalidUsername::Characters),
        ("hanako@example", InvalidUsername::Characters),
        ("hana\u{200d}ko", InvalidUsername::Characters),
        ("hanako\u{202e}", InvalidUsername::Characters),
        ("hanako🐙", InvalidUsername::Characters),
        ("раypal", InvalidUsername::MixedScripts),
        ("support", InvalidUsername::Reserved),
        ("Supp0rt", InvalidUsername::Reserved),
        ("ro0t", InvalidUsername::Reserved),
        ("no.reply", InvalidUsername::Reserved),
        ("azukari-help", InvalidUsername::Reserved),
    ] {
        assert_eq!(Username::parse(name), Err(why), "{name}");
    }
}

#[test]
fn typing_errors_cost_nothing_and_each_guess_after_them_waits_twice_as_long() {
    let wait = |times, seconds| PAIR.wait(Tally { times, last_at: start() }, start() + TimeDelta::seconds(seconds));
    assert_eq!(wait(4, 0), None);
    assert_eq!([5, 6, 7].map(|times| wait(times, 0).unwrap().num_seconds()), [2, 4, 8]);
    assert_eq!((wait(6, 3).unwrap().num_seconds(), wait(6, 4)), (1, None));
    assert_eq!(wait(1_000_000, 0), Some(TimeDelta::minutes(15)));
}

#[test]
fn failures_are_forgotten_after_a_day_and_counted_by_kind() {
    let old = Tally { times: 1_000, last_at: start() - MEMORY };
    assert_eq!(ACCOUNT.wait(old, start()), None);
    let tally = |times| Tally { times, last_at: start() };
    assert_eq!((ACCOUNT.wait(tally(99), start()), ACCOUNT.wait(tally(100), start()).is_some()), (None, true));
    assert_eq!((CODE.wait(tally(4), start()), CODE.wait(tally(5), start()).is_some()), (None, true));
}
