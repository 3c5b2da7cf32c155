//! The mail we write, in both languages, and sending it from the outbox over SMTP.

mod access;
mod letter;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{ids::MemberId, money::Money};
use lettre::{SmtpTransport, Transport, message::Mailbox};
use persistence::{
    error::StoreError,
    mail::{self, Mail},
    store::Intent,
};
use secrecy::ExposeSecret;

use crate::{clock, context::Context, locale::Locale, state::App};

pub use access::*;
pub use letter::html;

/// How long a confirmation token is good for.
pub const CONFIRMATION_LIFE: TimeDelta = TimeDelta::hours(24);

/// How long a mail that was not accepted waits for its second try, and twice as long each time after.
const RETRY: TimeDelta = TimeDelta::minutes(5);

/// How often a mail is tried: over some three and a half days.
const TRIES: i32 = 11;

fn compose(cx: &Context, to: &str, locale: Locale, subject: &str, body: String) -> Mail {
    Mail {
        id: cx.new_id(),
        recipient: to.to_owned(),
        subject: subject.to_owned(),
        body,
        locale: locale.as_str().to_owned(),
        attempts: 0,
        created_at: clock::real_now(),
    }
}

/// Asks to confirm an address.
pub fn confirmation(cx: &Context, to: &str, token: &str, locale: Locale) -> Mail {
    let url = cx.app.settings.public_url();
    match locale {
        Locale::En => compose(
            cx,
            to,
            Locale::En,
            "Confirm your e-mail address",
            format!(
                "Welcome to Azukari.\n\nYour confirmation token, good for 24 hours:\n\n{token}\n\nSend it to POST {url}/v1/accounts/confirm-email.\n"
            ),
        ),
        Locale::Ja => compose(
            cx,
            to,
            Locale::Ja,
            "メールアドレスの確認",
            format!(
                "Azukariへようこそ。\n\n確認トークン（24時間有効）:\n\n{token}\n\nPOST {url}/v1/accounts/confirm-email に送ってください。\n"
            ),
        ),
    }
}

/// Tells a member that somebody tried to register with their address.
pub fn already_member(cx: &Context, to: &str, locale: Locale) -> Mail {
    match locale {
        Locale::En => compose(
            cx,
            to,
            Locale::En, "You already have an account",
            "Somebody, perhaps you, tried to register with this address. You already have an account: log in instead. If it was not you, there is nothing to do.\n".to_owned(),
        ),
        Locale::Ja => compose(
            cx,
            to,
            Locale::Ja, "すでにアカウントがあります",
            "このメールアドレスで登録が試みられましたが、すでにアカウントがあります。ログインしてください。心当たりがない場合は何もする必要はありません。\n".to_owned(),
        ),
    }
}

/// Reminds a client that silence will accept a delivery.
pub fn acceptance_reminder(cx: &Context, to: &str, locale: &str, title: &str, accept_at: DateTime<Utc>) -> Mail {
    let at = accept_at.format("%Y-%m-%d %H:%M UTC");
    if locale == Locale::Ja.as_str() {
        let body =
            format!("「{title}」が納品されています。{at}までに検収または修正依頼がない場合、自動的に検収されます。\n");
        return compose(cx, to, Locale::Ja, "検収期限のお知らせ", body);
    }
    let body = format!(
        "\"{title}\" was delivered. Unless you accept it or ask for changes before {at}, it is accepted automatically.\n"
    );
    compose(cx, to, Locale::En, "A delivery awaits your decision", body)
}

/// Tells a member that payouts go elsewhere from now on.
pub fn bank_account_changed(cx: &Context, to: &str, locale: &str, account: &str) -> Mail {
    if locale == Locale::Ja.as_str() {
        let body = format!(
            "出金先の口座が「{account}」に変更されました。心当たりがない場合は、すぐにサポートへご連絡ください。\n"
        );
        return compose(cx, to, Locale::Ja, "出金先口座の変更", body);
    }
    let body = format!(
        "The bank account that your payouts go to was changed to {account}. If this was not you, tell our support at once.\n"
    );
    compose(cx, to, Locale::En, "Your bank account was changed", body)
}

/// Tells a member that no account is named any more.
pub fn bank_account_removed(cx: &Context, to: &str, locale: &str) -> Mail {
    if locale == Locale::Ja.as_str() {
        let body = "出金先の口座が削除されました。心当たりがない場合は、すぐにサポートへご連絡ください。\n";
        return compose(cx, to, Locale::Ja, "出金先口座の削除", body.to_owned());
    }
    let body = "The bank account that your payouts go to was removed. If this was not you, tell our support at once.\n";
    compose(cx, to, Locale::En, "Your bank account was removed", body.to_owned())
}

/// Tells a worker that a payout did not reach them, what of it came back, and what to do.
pub fn payout_failed(cx: &Context, to: &str, locale: &str, back: Money, reason: &str) -> Mail {
    if locale == Locale::Ja.as_str() {
        let body = format!(
            "出金が届きませんでした（銀行の回答: {reason}）。{back}は報酬に戻りました。次の出金のため、銀行口座を修正してください。\n"
        );
        return compose(cx, to, Locale::Ja, "出金できませんでした", body);
    }
    let body = format!(
        "A payout did not reach you; the bank says: {reason}. {back} is with your earnings again. Correct your bank account, so that the next payout arrives.\n"
    );
    compose(cx, to, Locale::En, "A payout did not reach you", body)
}

/// Tells a client that money which was to go back to them did not arrive.
pub fn refund_failed(cx: &Context, to: &str, locale: &str, amount: Money, reason: &str) -> Mail {
    if locale == Locale::Ja.as_str() {
        let body = format!("{amount}の返金が完了しませんでした（{reason}）。お金は未使用の入金に戻りました。\n");
        return compose(cx, to, Locale::Ja, "返金できませんでした", body);
    }
    let body =
        format!("{amount} could not be sent back to you ({reason}). The money is with your client funds again.\n");
    compose(cx, to, Locale::En, "A refund did not reach you", body)
}

/// Tells somebody who joins again how soon they can.
pub fn not_yet_back(cx: &Context, to: &str, locale: Locale, when: Option<DateTime<Utc>>) -> Mail {
    let at = when.map(|when| when.format("%Y-%m-%d %H:%M UTC"));
    match (locale, at) {
        (Locale::En, Some(at)) => compose(
            cx,
            to,
            Locale::En,
            "You can join again later",
            format!("An account with this address was closed. You can join again with it from {at}.\n"),
        ),
        (Locale::En, None) => compose(
            cx,
            to,
            Locale::En,
            "Write to support to join again",
            "An account with this address was closed. To join again with it, write to our support.\n".to_owned(),
        ),
        (Locale::Ja, Some(at)) => compose(
            cx,
            to,
            Locale::Ja,
            "再登録について",
            format!("このメールアドレスのアカウントは退会済みです。{at}以降に再登録できます。\n"),
        ),
        (Locale::Ja, None) => compose(
            cx,
            to,
            Locale::Ja,
            "再登録について",
            "このメールアドレスのアカウントは退会済みです。再登録をご希望の場合はサポートへご連絡ください。\n"
                .to_owned(),
        ),
    }
}

/// Tells somebody who left that money is still on its way to them.
pub fn closing(cx: &Context, to: &str, locale: &str) -> Mail {
    if locale == Locale::Ja.as_str() {
        let body = "退会を受け付けました。残りのお金をお送りしています。着金後、アカウントは自動的に閉じられます。\n";
        return compose(cx, to, Locale::Ja, "退会を受け付けました", body.to_owned());
    }
    let body = "You have left. Your last money is on its way; your account closes by itself when it has arrived.\n";
    compose(cx, to, Locale::En, "You have left", body.to_owned())
}

/// Tells somebody who left that all is done, and what of their money is kept for them: the last mail to them.
pub fn closed(cx: &Context, to: &str, locale: &str, id: MemberId, kept: &[Money]) -> Mail {
    let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
    let kept = kept.join(", ");
    if locale == Locale::Ja.as_str() {
        let mut body =
            "アカウントを閉じました。個人情報は削除され、法令で定められた帳簿だけが保存されます。\n".to_owned();
        if !kept.is_empty() {
            body += &format!(
                "{kept}はお送りできなかったため、お預かりしています。いつでもお受け取りいただけます。{id}を添えてサポートへご連絡ください。\n"
            );
        }
        return compose(cx, to, Locale::Ja, "退会が完了しました", body);
    }
    let mut body =
        "Your account is closed and what said who you were is deleted. Only the books that the law asks for are kept.\n"
            .to_owned();
    if !kept.is_empty() {
        body += &format!(
            "{kept} could not be sent to you, and is kept for you. To have it, write to our support at any time, and name {id}.\n"
        );
    }
    compose(cx, to, Locale::En, "Your account is closed", body)
}

/// The way out for mail; none in a sandbox without SMTP, where the outbox itself is the test mailbox.
#[derive(Debug)]
pub struct Mailer {
    transport: SmtpTransport,
    from: Mailbox,
}

impl Mailer {
    /// Prepares the SMTP connection that the settings name.
    ///
    /// # Errors
    /// A URL or sender address that makes no sense.
    pub fn open(app: &App) -> Result<Option<Self>, String> {
        let Some(url) = &app.settings.smtp_url else { return Ok(None) };
        let transport = SmtpTransport::from_url(url.expose_secret())
            .map_err(|error| format!("AZUKARI_SMTP_URL: {error}"))?
            .timeout(Some(Duration::from_secs(20)))
            .build();
        let from = app.settings.mail_from.parse().map_err(|error| format!("AZUKARI_MAIL_FROM: {error}"))?;
        Ok(Some(Self { transport, from }))
    }

    /// Sends what is due, one by one, up to the first that is not accepted: the mail server may be away. A crash in
    /// between sends one mail twice, under the same `Message-ID`.
    ///
    /// # Errors
    /// Only those of the store; what the mail server refuses is tried again later.
    pub fn send_due(&self, app: &App) -> Result<(), StoreError> {
        while let Some(mail) = app.store.write(Intent::Keep, |tx| {
            let now = clock::real_now();
            mail::claim(tx, now, now + RETRY)
        })? {
            let sent = self.send(&mail);
            let failed = sent.is_err();
            app.store.write(Intent::Keep, move |tx| note(tx, &mail, &sent))?;
            if failed {
                break;
            }
        }
        Ok(())
    }

    fn send(&self, mail: &Mail) -> Result<(), String> {
        let message = letter::message(&self.from, mail)?;
        self.transport.send(&message).map(drop).map_err(|error| error.to_string())
    }
}

fn note(tx: &mut persistence::store::Tx<'_>, mail: &Mail, sent: &Result<(), String>) -> Result<(), StoreError> {
    match sent {
        Ok(()) => mail::sent(tx, mail.id, clock::real_now()),
        Err(why) => {
            let again =
                (mail.attempts < TRIES).then(|| clock::real_now() + RETRY * (1 << mail.attempts.clamp(1, TRIES)) / 2);
            // What the server said may name the address, which belongs in no log.
            tracing::warn!(mail = %mail.id, attempts = mail.attempts, given_up = again.is_none(), "mail not accepted");
            mail::failed(tx, mail.id, why, again)
        }
    }
}
