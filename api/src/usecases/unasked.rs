//! Mail that nobody asked for who gets it: somebody else named their address. So that nobody fills a mailbox of others, three
//! go out a day.

use chrono::{DateTime, Utc};
use domain::guessing::{MEMORY, Tally};
use persistence::{
    mail::{self, Mail},
    store::Tx,
    tally,
};

use super::access::email_key;
use crate::{
    clock,
    context::Context,
    problem::{Code, Problem},
};

/// How many within a day of the last.
const MOST: i32 = 3;

/// Sends it, unless its address had enough of them: it is told nothing of the rest.
///
/// # Errors
/// Only those of the store.
pub fn write(tx: &mut Tx<'_>, cx: &Context, mail: &Mail) -> Result<(), Problem> {
    match count(tx, cx, &email_key(&mail.recipient))? {
        None => Ok(mail::queue(tx, mail)?),
        Some(_) => Ok(()),
    }
}

/// Counts that the caller names an address, whosever it is: so the refusal tells nothing of it. What others name does not
/// count here, or they could keep its owner from taking it.
///
/// # Errors
/// [`Code::RateLimited`] when they have named it often enough.
pub fn name(tx: &mut Tx<'_>, cx: &Context, email: &str) -> Result<(), Problem> {
    let Some(until) = count(tx, cx, &format!("by {} {}", cx.person()?, email_key(email)))? else { return Ok(()) };
    Err(Problem::new(Code::RateLimited)
        .detail(
            format!("You have asked for this address {MOST} times. What was mailed last is good for a day."),
            format!("このアドレスへの変更はすでに{MOST}回申し込まれています。最後に送信したメールは24時間有効です。"),
        )
        .retry_after((until - clock::real_now()).num_seconds() + 1))
}

/// Counts one more, unless there are enough: then nothing counts until that moment.
fn count(tx: &mut Tx<'_>, cx: &Context, what: &str) -> Result<Option<DateTime<Utc>>, Problem> {
    let now = clock::real_now();
    // Keyed, so that what is kept does not tell the address.
    let subject = cx.app.tokens.secrets().sign(&format!("unasked {what}")).into_bytes();
    let enough = |tally: Tally| (tally.times >= MOST).then(|| tally.last_at + MEMORY);
    Ok(tally::add(tx, &subject, now, now - MEMORY, enough)?)
}
