//! Slowing those who guess at passwords and codes, without letting a stranger lock a member out (decision 0021).

use chrono::TimeDelta;
use domain::{
    guessing::{ACCOUNT, ADDRESS, CODE, MEMORY, PAIR, Patience},
    ids::MemberId,
    member::Member,
};
use persistence::{
    store::{Conn, Tx},
    tally,
};

use super::access::email_key;
use crate::{
    clock,
    problem::{Code, Problem},
    state::App,
};

/// A guess: the subjects that its failure is counted for.
#[derive(Debug, Clone)]
pub struct Guess {
    subjects: Vec<(Vec<u8>, Patience)>,
    /// Those that success clears.
    cleared: Vec<Vec<u8>>,
}

/// Keyed, so that what is kept tells neither address.
fn subject(app: &App, text: &str) -> Vec<u8> {
    app.tokens.secrets().sign(&format!("guess {text}")).into_bytes()
}

impl Guess {
    /// At the password of an account, known or not. A device that is known to have logged in to it before is counted by
    /// itself: what strangers do does not touch it.
    pub fn at_password(app: &App, email: &str, from: &str, known_device: Option<&str>) -> Self {
        let account = email_key(email);
        if let Some(device) = known_device {
            return Self::at_one(subject(app, &format!("device {device} {account}")), PAIR);
        }
        let pair = subject(app, &format!("pair {from} {account}"));
        let whole = subject(app, &format!("account {account}"));
        let address = subject(app, &format!("address {from}"));
        let cleared = vec![pair.clone(), whole.clone()];
        Self { subjects: vec![(pair, PAIR), (whole, ACCOUNT), (address, ADDRESS)], cleared }
    }

    /// At the password of an account from anywhere but a device that it knows.
    pub fn from_anywhere(app: &App, email: &str) -> Self {
        Self::at_one(subject(app, &format!("account {}", email_key(email))), ACCOUNT)
    }

    /// At the code of a member whose password was right.
    pub fn at_code(app: &App, member: MemberId, known_device: Option<&str>) -> Self {
        let place = known_device.unwrap_or("elsewhere");
        Self::at_one(subject(app, &format!("code {member} {place}")), CODE)
    }

    /// At the password of a registration, by who has a token that was mailed to its address. Each counts by itself: strangers
    /// who register again and again do not slow its owner.
    pub fn at_registration(app: &App, member: &Member) -> Self {
        Self::at_one(subject(app, &format!("registration {} {}", member.id, member.version)), CODE)
    }

    /// At a proof that is asked for within a session, which is as good as a known device.
    pub fn in_session(app: &App, session: domain::ids::SessionId) -> Self {
        Self::at_one(subject(app, &format!("session {session}")), CODE)
    }

    fn at_one(subject: Vec<u8>, patience: Patience) -> Self {
        Self { cleared: vec![subject.clone()], subjects: vec![(subject, patience)] }
    }

    /// Refuses who must wait, before anything is compared.
    ///
    /// # Errors
    /// [`Code::GuessingTooFast`] with the seconds to wait.
    pub fn check(&self, conn: &mut Conn) -> Result<(), Problem> {
        self.judge(conn).map(drop)
    }

    /// Counts a failure. Those that failed since it was looked at count: of many that are sent at once no more are told that
    /// they were wrong than of those sent one by one.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn failed(&self, tx: &mut Tx<'_>) -> Result<(), Problem> {
        let now = clock::real_now();
        for (subject, patience) in &self.subjects {
            let wait = tally::add(tx, subject, now, now - MEMORY, |tally| patience.wait(tally, now))?;
            wait.map_or(Ok(()), |wait| Err(too_fast(wait)))?;
        }
        Ok(())
    }

    /// Clears what success clears. The tally of an address stays: who has stolen a list has an account of their own, too.
    ///
    /// # Errors
    /// As [`Self::check`], of those that failed since.
    pub fn succeeded(&self, tx: &mut Tx<'_>) -> Result<(), Problem> {
        let known = self.judge(tx)?;
        let cleared = |subject: &&[u8]| self.cleared.iter().any(|one| one == subject);
        let cleared: Vec<&[u8]> = known.iter().map(Vec::as_slice).filter(cleared).collect();
        if cleared.is_empty() { Ok(()) } else { Ok(tally::clear(tx, &cleared)?) }
    }

    /// Clears the same, however much was guessed.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn forgive(&self, tx: &mut Tx<'_>) -> Result<(), Problem> {
        let cleared: Vec<&[u8]> = self.cleared.iter().map(Vec::as_slice).collect();
        Ok(tally::clear(tx, &cleared)?)
    }

    /// The subjects of which something is remembered.
    fn judge(&self, conn: &mut Conn) -> Result<Vec<Vec<u8>>, Problem> {
        let now = clock::real_now();
        let subjects: Vec<&[u8]> = self.subjects.iter().map(|(subject, _)| subject.as_slice()).collect();
        let tallies = tally::read(conn, &subjects)?;
        let waits = self.subjects.iter().filter_map(|(subject, patience)| {
            let (_, tally) = tallies.iter().find(|(known, _)| known == subject)?;
            patience.wait(*tally, now)
        });
        waits.max().map_or(Ok(()), |wait| Err(too_fast(wait)))?;
        Ok(tallies.into_iter().map(|(subject, _)| subject).collect())
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
