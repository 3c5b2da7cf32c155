//! The mail we write, in both languages, and sending it from the outbox over SMTP.

mod access;
pub mod letter;

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

/// How long a mail that was not accepted waits for its second try, and twice as long each time after.
const RETRY: TimeDelta = TimeDelta::minutes(5);

/// How often a mail is tried: over some three and a half days.
const TRIES: i32 = 11;

/// One subject and body for each language.
struct Words<'a> {
    en: (&'a str, String),
    ja: (&'a str, String),
}

fn write(cx: &Context, to: &str, locale: Locale, words: Words<'_>) -> Mail {
    let (subject, body) = match locale {
        Locale::En => words.en,
        Locale::Ja => words.ja,
    };
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

/// A moment as mails write it.
fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Reminds a client that silence will accept a delivery.
pub fn acceptance_reminder(cx: &Context, to: &str, locale: Locale, title: &str, accept_at: DateTime<Utc>) -> Mail {
    let at = moment(accept_at);
    let en = format!(
        "\"{title}\" was delivered. Unless you accept it or ask for changes before {at}, it is accepted automatically.\n"
    );
    let ja = format!("「{title}」が納品されています。{at}までに検収または修正依頼がない場合、自動的に検収されます。\n");
    write(cx, to, locale, Words { en: ("A delivery awaits your decision", en), ja: ("検収期限のお知らせ", ja) })
}

/// Tells a member that payouts go elsewhere from now on.
pub fn bank_account_changed(cx: &Context, to: &str, locale: Locale, account: &str) -> Mail {
    let en = format!(
        "The bank account that your payouts go to was changed to {account}. If this was not you, tell our support at once.\n"
    );
    let ja = format!(
        "出金先の口座が「{account}」に変更されました。心当たりがない場合は、すぐにサポートへご連絡ください。\n"
    );
    write(cx, to, locale, Words { en: ("Your bank account was changed", en), ja: ("出金先口座の変更", ja) })
}

/// Tells a member that no account is named any more.
pub fn bank_account_removed(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en = "The bank account that your payouts go to was removed. If this was not you, tell our support at once.\n";
    let ja = "出金先の口座が削除されました。心当たりがない場合は、すぐにサポートへご連絡ください。\n";
    let words =
        Words { en: ("Your bank account was removed", en.to_owned()), ja: ("出金先口座の削除", ja.to_owned()) };
    write(cx, to, locale, words)
}

/// Tells a worker that a payout did not reach them, what of it came back, and what to do.
pub fn payout_failed(cx: &Context, to: &str, locale: Locale, back: Money, reason: &str) -> Mail {
    let en = format!(
        "A payout did not reach you; the bank says: {reason}. {back} is with your earnings again. Correct your bank account, so that the next payout arrives.\n"
    );
    let ja = format!(
        "出金が届きませんでした（銀行の回答: {reason}）。{back}は報酬に戻りました。次の出金のため、銀行口座を修正してください。\n"
    );
    write(cx, to, locale, Words { en: ("A payout did not reach you", en), ja: ("出金できませんでした", ja) })
}

/// Tells a client that money which was to go back to them did not arrive.
pub fn refund_failed(cx: &Context, to: &str, locale: Locale, amount: Money, reason: &str) -> Mail {
    let en = format!("{amount} could not be sent back to you ({reason}). The money is with your client funds again.\n");
    let ja = format!("{amount}の返金が完了しませんでした（{reason}）。お金は未使用の入金に戻りました。\n");
    write(cx, to, locale, Words { en: ("A refund did not reach you", en), ja: ("返金できませんでした", ja) })
}

/// Tells somebody who left that money is still on its way to them.
pub fn closing(cx: &Context, to: &str, locale: Locale) -> Mail {
    let en = "You have left. Your last money is on its way; your account closes by itself when it has arrived.\n";
    let ja = "退会を受け付けました。残りのお金をお送りしています。着金後、アカウントは自動的に閉じられます。\n";
    write(cx, to, locale, Words { en: ("You have left", en.to_owned()), ja: ("退会を受け付けました", ja.to_owned()) })
}

/// Tells somebody who left that all is done, and what of their money is kept for them: the last mail to them.
pub fn closed(cx: &Context, to: &str, locale: Locale, id: MemberId, kept: &[Money]) -> Mail {
    let mut en =
        "Your account is closed and what said who you were is deleted. Only the books that the law asks for are kept.\n"
            .to_owned();
    let mut ja = "アカウントを閉じました。個人情報は削除され、法令で定められた帳簿だけが保存されます。\n".to_owned();
    if !kept.is_empty() {
        let kept = kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        en += &format!(
            "{kept} could not be sent to you, and is kept for you. To have it, write to our support at any time, and name {id}.\n"
        );
        ja += &format!(
            "{kept}はお送りできなかったため、お預かりしています。いつでもお受け取りいただけます。{id}を添えてサポートへご連絡ください。\n"
        );
    }
    write(cx, to, locale, Words { en: ("Your account is closed", en), ja: ("退会が完了しました", ja) })
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
