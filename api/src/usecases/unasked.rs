//! Mail that nobody asked for who gets it: somebody else named their address. So that nobody fills a mailbox of others, an
//! address gets three a day, and is told nothing of the rest.

use domain::guessing::MEMORY;
use persistence::{
    guess,
    mail::{self, Mail},
    store::Tx,
};

use super::access::email_key;
use crate::{clock, context::Context, problem::Problem};

/// How many within a day of the last.
const MOST: i32 = 3;

/// Sends it, unless its address had enough of them.
///
/// # Errors
/// Only those of the store.
pub fn write(tx: &mut Tx<'_>, cx: &Context, mail: &Mail) -> Result<(), Problem> {
    let now = clock::real_now();
    // Keyed, so that what is kept does not tell the address.
    let subject = cx.app.tokens.secrets().sign(&format!("unasked {}", email_key(&mail.recipient))).into_bytes();
    let tally = guess::tallies(tx, &[&subject])?.pop();
    if tally.is_some_and(|(_, tally)| tally.failures >= MOST && tally.last_at + MEMORY > now) {
        return Ok(());
    }
    guess::failed(tx, &subject, now, now - MEMORY)?;
    Ok(mail::queue(tx, mail)?)
}
