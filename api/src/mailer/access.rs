//! Mail about the account itself.

use chrono::{DateTime, TimeDelta, Utc};
use domain::scope::Scopes;
use persistence::mail::Mail;

use super::{Words, moment, write};
use crate::{context::Context, locale::Locale, oauth::words::meaning};

/// How long a confirmation token is good for.
pub const CONFIRMATION_LIFE: TimeDelta = TimeDelta::hours(24);

/// How long the token of a password reset is good for.
pub const RESET_LIFE: TimeDelta = TimeDelta::hours(1);

/// How long both ends have to confirm another address.
pub const EMAIL_CHANGE_LIFE: TimeDelta = TimeDelta::hours(24);

/// What to do when it was somebody else.
const NOT_YOU_EN: &str = "If this was not you, ask for a new password at once, and tell our support.\n";
const NOT_YOU_JA: &str = "心当たりがない場合は、すぐにパスワードを再設定し、サポートへご連絡ください。\n";

fn told(cx: &Context, to: &str, locale: Locale, en: (&str, &str), ja: (&str, &str)) -> Mail {
    let words =
        Words { en: (en.0, format!("{}\n\n{NOT_YOU_EN}", en.1)), ja: (ja.0, format!("{}\n\n{NOT_YOU_JA}", ja.1)) };
    write(cx, to, locale, words)
}

/// Asks to confirm an address.
pub fn confirmation(cx: &Context, to: &str, token: &str, locale: Locale) -> Mail {
    let url = cx.app.settings.public_url();
    let en = format!(
        "Welcome to Azukari.\n\nYour confirmation token, good for 24 hours:\n\n{token}\n\nSend it to POST {url}/v1/accounts/confirm-email.\n\nYou may be asked for the password that you registered with. If you have not registered, do not use it: somebody else has named your address.\n"
    );
    let ja = format!(
        "Azukariへようこそ。\n\n確認トークン（24時間有効）:\n\n{token}\n\nPOST {url}/v1/accounts/confirm-email に送ってください。\n\n登録時のパスワードの入力を求められることがあります。登録した覚えがない場合は、他の人があなたのアドレスを入力したものですので、このトークンを使わないでください。\n"
    );
    write(cx, to, locale, Words { en: ("Confirm your e-mail address", en), ja: ("メールアドレスの確認", ja) })
}

/// Tells a member that somebody tried to register with their address.
pub fn already_member(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en = "Somebody, perhaps you, tried to register with this address. You already have an account: log in instead. If it was not you, there is nothing to do.\n";
    let ja = "このメールアドレスで登録が試みられましたが、すでにアカウントがあります。ログインしてください。心当たりがない場合は何もする必要はありません。\n";
    let words = Words {
        en: ("You already have an account", en.to_owned()),
        ja: ("すでにアカウントがあります", ja.to_owned()),
    };
    write(cx, to, locale, words)
}

/// Tells who has forgotten a password that the address was never confirmed.
pub fn not_confirmed(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en = "Somebody asked for a new password for this address. It was registered, perhaps by somebody else, and never confirmed: to join, register with a password of your choice, now or once more. If it was not you, there is nothing to do.\n";
    let ja = "このメールアドレスについて、パスワードの再設定が申し込まれました。アドレスは登録されています（ご本人以外の可能性があります）が、確認が済んでいません。ご利用になるには、お好きなパスワードであらためて登録してください。心当たりがない場合は何もする必要はありません。\n";
    let words = Words {
        en: ("Your address was never confirmed", en.to_owned()),
        ja: ("メールアドレスが確認されていません", ja.to_owned()),
    };
    write(cx, to, locale, words)
}

/// Tells somebody who joins again how soon they can.
pub fn not_yet_back(cx: &Context, to: &str, locale: Locale, when: Option<DateTime<Utc>>) -> Mail {
    let words = match when.map(moment) {
        Some(at) => Words {
            en: (
                "You can join again later",
                format!("An account with this address was closed. You can join again with it from {at}.\n"),
            ),
            ja: (
                "再登録について",
                format!("このメールアドレスのアカウントは退会済みです。{at}以降に再登録できます。\n"),
            ),
        },
        None => Words {
            en: (
                "Write to support to join again",
                "An account with this address was closed. To join again with it, write to our support.\n".to_owned(),
            ),
            ja: (
                "再登録について",
                "このメールアドレスのアカウントは退会済みです。再登録をご希望の場合はサポートへご連絡ください。\n"
                    .to_owned(),
            ),
        },
    };
    write(cx, to, locale, words)
}

/// Carries the token by which a forgotten password is replaced.
pub fn password_reset(cx: &Context, to: &str, token: &str, locale: Locale) -> Mail {
    let url = cx.app.settings.public_url();
    let en = format!(
        "Somebody, perhaps you, asked for a new password for this address.\n\nYour token, good for one hour:\n\n{token}\n\nSend it with the new password to POST {url}/v1/password-resets/confirm.\n\nIf it was not you, there is nothing to do: your password stays as it is.\n"
    );
    let ja = format!(
        "このメールアドレスのパスワードの再設定が申し込まれました。\n\nトークン（1時間有効）:\n\n{token}\n\n新しいパスワードとともに POST {url}/v1/password-resets/confirm に送ってください。\n\n心当たりがない場合は何もする必要はありません。パスワードは変わりません。\n"
    );
    write(cx, to, locale, Words { en: ("Choose a new password", en), ja: ("パスワードの再設定", ja) })
}

/// Tells a member that their password is another one.
pub fn password_changed(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en = ("Your password was changed", "Your password was changed. All other devices were logged out.");
    let ja = ("パスワードの変更", "パスワードが変更されました。ほかの端末はすべてログアウトされています。");
    told(cx, to, locale, en, ja)
}

/// Tells a member that a device logged in which had not before.
pub fn new_device(cx: &Context, to: &str, locale: Locale, device: &str) -> Mail {
    let en = format!("A device that we did not know logged in to your account: {device}.");
    let ja = format!("新しい端末からログインがありました: {device}");
    told(cx, to, locale, ("A new device logged in", &en), ("新しい端末からのログイン", &ja))
}

/// Tells a member that a log-in needs a second factor from now on.
pub fn second_factor_added(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en = ("A second factor was added", "From now on, logging in to your account needs a code from your app.");
    let ja = ("二段階認証の設定", "今後、ログインには認証アプリのコードが必要です。");
    told(cx, to, locale, en, ja)
}

/// Tells a member that it no longer does.
pub fn second_factor_removed(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en = ("Your second factor was removed", "From now on, your password alone logs in to your account.");
    let ja = ("二段階認証の解除", "今後は、パスワードだけでログインできます。");
    told(cx, to, locale, en, ja)
}

/// Tells a member that they have other recovery codes, or one fewer.
pub fn recovery_codes_changed(cx: &Context, to: &str, locale: Locale, left: i64) -> Mail {
    let en = format!("A recovery code was used, or new ones were made. {left} are left.");
    let ja = format!("リカバリーコードが使用されたか、再発行されました。残りは{left}個です。");
    told(cx, to, locale, ("Your recovery codes have changed", &en), ("リカバリーコードの変更", &ja))
}

/// Tells a member that an account at a provider logs in to theirs.
pub fn identity_linked(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en =
        ("Another account was linked", "From now on, an account at another provider logs in to your account, too.");
    let ja = ("外部アカウントの連携", "今後は、外部アカウントでもログインできます。");
    told(cx, to, locale, en, ja)
}

/// Tells a member that it no longer does.
pub fn identity_unlinked(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en = ("A linked account was removed", "An account at another provider no longer logs in to your account.");
    let ja = ("外部アカウントの連携解除", "外部アカウントの連携が解除されました。");
    told(cx, to, locale, en, ja)
}

/// Asks the present address to agree to another.
pub fn email_change_asked(cx: &Context, to: &str, locale: Locale, next: &str, token: &str) -> Mail {
    let url = cx.app.settings.public_url();
    let en = format!(
        "Your account is to be reached at {next} from now on.\n\nTo agree, send this token, good for 24 hours, to POST {url}/v1/me/email-change/confirm:\n\n{token}\n\nThe new address must confirm as well. {NOT_YOU_EN}"
    );
    let ja = format!(
        "アカウントのメールアドレスを{next}に変更する申し込みがありました。\n\n同意する場合は、このトークン（24時間有効）を POST {url}/v1/me/email-change/confirm に送ってください:\n\n{token}\n\n新しいアドレスでの確認も必要です。{NOT_YOU_JA}"
    );
    write(cx, to, locale, Words { en: ("Agree to another address", en), ja: ("メールアドレス変更への同意", ja) })
}

/// Asks the address to be to confirm that it is theirs.
pub fn email_change_confirmation(cx: &Context, to: &str, locale: Locale, token: &str) -> Mail {
    let url = cx.app.settings.public_url();
    let en = format!(
        "A member of Azukari wants to be reached at this address.\n\nTo confirm that it is yours, send this token, good for 24 hours, to POST {url}/v1/me/email-change/confirm:\n\n{token}\n\nIf you did not ask for this, there is nothing to do.\n"
    );
    let ja = format!(
        "Azukariの会員が、このメールアドレスへの変更を申し込みました。\n\nご自身のアドレスであることを確認するには、このトークン（24時間有効）を POST {url}/v1/me/email-change/confirm に送ってください:\n\n{token}\n\n心当たりがない場合は何もする必要はありません。\n"
    );
    write(cx, to, locale, Words { en: ("Confirm your new address", en), ja: ("新しいメールアドレスの確認", ja) })
}

/// Tells somebody that another account wanted their address.
pub fn email_wanted(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en = "Another account asked to be reached at this address, which is that of your own account. Nothing has changed. If it was you, log in to this account instead.\n";
    let ja = "別のアカウントから、このメールアドレスへの変更が申し込まれましたが、すでにお客様のアカウントで使われています。何も変更されていません。\n";
    let words = Words {
        en: ("Somebody asked for your address", en.to_owned()),
        ja: ("メールアドレス変更の申し込みについて", ja.to_owned()),
    };
    write(cx, to, locale, words)
}

/// Tells both ends that the address has changed.
pub fn email_changed(cx: &Context, to: &str, locale: Locale, next: &str) -> Mail {
    let en = format!("Your account is reached at {next} from now on.");
    let ja = format!("アカウントのメールアドレスが{next}に変更されました。");
    told(cx, to, locale, ("Your address was changed", &en), ("メールアドレスの変更", &ja))
}

/// What was allowed, line by line.
fn listed(scopes: Scopes, locale: Locale) -> String {
    let lines: Vec<String> = scopes.iter().map(|scope| format!("- {}", meaning(scope).in_locale(locale))).collect();
    lines.join("\n")
}

/// Tells a member that an app can act for them.
pub fn app_connected(cx: &Context, to: &str, locale: Locale, app: &str, scopes: Scopes) -> Mail {
    let url = cx.app.settings.public_url();
    let en = format!(
        "The app \"{app}\" can act for you from now on:\n\n{}\n\nYou can cut it at any time: DELETE {url}/v1/me/connected-apps/{{id}}.",
        listed(scopes, Locale::En)
    );
    let ja = format!(
        "アプリ「{app}」との連携を開始しました。\n\n{}\n\n連携はいつでも解除できます: DELETE {url}/v1/me/connected-apps/{{id}}",
        listed(scopes, Locale::Ja)
    );
    told(cx, to, locale, ("An app was connected to your account", &en), ("アプリの連携", &ja))
}

/// Tells a member that a key of theirs was made.
pub fn api_key_made(cx: &Context, to: &str, locale: Locale, name: &str, scopes: Scopes) -> Mail {
    let en = format!("An API key was made that can act for you, called \"{name}\":\n\n{}", listed(scopes, Locale::En));
    let ja = format!("APIキー「{name}」が作成されました。\n\n{}", listed(scopes, Locale::Ja));
    told(cx, to, locale, ("An API key was made", &en), ("APIキーの作成", &ja))
}
