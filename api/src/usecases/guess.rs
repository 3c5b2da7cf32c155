//! Slowing those who guess at passwords and codes, without letting a stranger lock a member out (decision 0021).

use chrono::TimeDelta;
use domain::{
    guessing::{ACCOUNT, ADDRESS, CODE, MEMORY, PAIR, Patience},
    ids::MemberId,
};
use persistence::{
    guess,
    session::devices,
    store::{Conn, Tx},
};

use super::access::email_key;
use crate::{
    clock,
    problem::{Code, Problem},
    secrets,
    state::App,
};

/// A guess: the subjects that its failure is counted for.
#[derive(Debug, Clone)]
pub struct Guess {
    subjects: Vec<(Vec<u8>, Patience)>,
    /// Those that success clears.
    cleared: Vec<Vec<u8>>,
    /// Whether it comes from a device that had logged in before.
    pub known_device: bool,
}

/// Keyed, so that what is kept tells neither address.
fn subject(app: &App, text: &str) -> Vec<u8> {
    app.tokens.secrets().sign(&format!("guess {text}")).into_bytes()
}

/// How the token of a device is kept.
pub fn device_hash(token: &str) -> Vec<u8> {
    secrets::hash(token.as_bytes())
}

/// Whether the token is one that a log-in to the account with this address was answered before.
///
/// # Errors
/// Only those of the store.
pub fn is_known_device(conn: &mut Conn, email: &str, token: Option<&str>) -> Result<bool, Problem> {
    let hash = token.map(device_hash).unwrap_or_default();
    Ok(devices::is_known(conn, &email_key(email), &hash)?)
}

impl Guess {
    /// At the password of an account, known or not. A device that has logged in to it before is counted by itself: what
    /// strangers do does not touch it.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn at_password(
        conn: &mut Conn,
        app: &App,
        email: &str,
        from: &str,
        device: Option<&str>,
    ) -> Result<Self, Problem> {
        let account = email_key(email);
        let known_device = is_known_device(conn, email, device)?;
        if known_device {
            let own = subject(app, &format!("device {} {account}", device.unwrap_or_default()));
            return Ok(Self { cleared: vec![own.clone()], subjects: vec![(own, PAIR)], known_device });
        }
        let pair = subject(app, &format!("pair {from} {account}"));
        let whole = subject(app, &format!("account {account}"));
        let address = subject(app, &format!("address {from}"));
        let cleared = vec![pair.clone(), whole.clone()];
        Ok(Self { subjects: vec![(pair, PAIR), (whole, ACCOUNT), (address, ADDRESS)], cleared, known_device })
    }

    /// At the code of a member whose password was right.
    pub fn at_code(app: &App, member: MemberId, device: Option<&str>, known_device: bool) -> Self {
        let place = device.filter(|_| known_device).unwrap_or("elsewhere");
        let own = subject(app, &format!("code {member} {place}"));
        Self { cleared: vec![own.clone()], subjects: vec![(own, CODE)], known_device }
    }

    /// At a proof that is asked for within a session, which is as good as a known device.
    pub fn in_session(app: &App, session: domain::ids::SessionId) -> Self {
        let own = subject(app, &format!("session {session}"));
        Self { cleared: vec![own.clone()], subjects: vec![(own, CODE)], known_device: true }
    }

    /// Refuses who must wait, before anything is compared.
    ///
    /// # Errors
    /// [`Code::GuessingTooFast`] with the seconds to wait.
    pub fn check(&self, conn: &mut Conn) -> Result<(), Problem> {
        let now = clock::real_now();
        let subjects: Vec<&[u8]> = self.subjects.iter().map(|(subject, _)| subject.as_slice()).collect();
        let tallies = guess::tallies(conn, &subjects)?;
        let waits = self.subjects.iter().filter_map(|(subject, patience)| {
            let (_, tally) = tallies.iter().find(|(known, _)| known == subject)?;
            patience.wait(*tally, now)
        });
        waits.max().map_or(Ok(()), |wait| Err(too_fast(wait)))
    }

    /// Counts a failure.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn failed(&self, tx: &mut Tx<'_>) -> Result<(), Problem> {
        let now = clock::real_now();
        for (subject, _) in &self.subjects {
            guess::failed(tx, subject, now, now - MEMORY)?;
        }
        Ok(())
    }

    /// Clears what success clears. The tally of an address stays: who has stolen a list has an account of their own, too.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn succeeded(&self, tx: &mut Tx<'_>) -> Result<(), Problem> {
        Ok(guess::forgive(tx, &self.cleared)?)
    }
}

fn too_fast(wait: TimeDelta) -> Problem {
    let seconds = wait.num_seconds() + 1;
    Problem::new(Code::GuessingTooFast)
        .detail(
            format!("Too many failed attempts: the next one is looked at in {seconds} seconds. A new password can be asked for at any time."),
            format!("失敗が続いたため、次の試行は{seconds}秒後に受け付けます。パスワードの再設定はいつでもできます。"),
        )
        .retry_after(seconds)
}
