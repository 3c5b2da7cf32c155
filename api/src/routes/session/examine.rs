//! Comparing a password, for whatever it opens.

use std::convert::identity;

use domain::member::{Member, MemberState};
use persistence::{credential::Secret, member, store::Conn};

use crate::{
    call::{Call, Caller},
    password,
    problem::{Code, Problem},
    state::App,
    usecases::{access::email_key, guess::Guess, session::device_hash},
};

/// What somebody logs in with.
#[derive(Debug, Clone)]
pub(in crate::routes) struct Credentials {
    pub(in crate::routes) email: String,
    pub(in crate::routes) password: String,
    pub(in crate::routes) device_token: Option<String>,
}

/// What is known when a password has been compared.
pub(in crate::routes) struct Examined {
    pub(in crate::routes) guess: Guess,
    pub(in crate::routes) member: Member,
    pub(in crate::routes) hash: String,
    pub(in crate::routes) has_second_factor: bool,
}

/// Compares the password outside any transaction, because it takes long: as long for an address that nobody has.
pub(in crate::routes) async fn examine(call: &Call, form: &Credentials) -> Result<Examined, Problem> {
    let (given, from) = (form.clone(), call.address());
    let look = move |conn: &mut Conn, app: &App| {
        let device = given.device_token.as_deref();
        let account = member::logging_in(conn, &email_key(&given.email), &device_hash(device))?;
        let known = account.as_ref().is_some_and(|(_, _, known)| *known);
        let guess = Guess::at_password(app, &given.email, &from, device.filter(|_| known));
        guess.check(conn)?;
        Ok((guess, account))
    };
    let password = form.password.clone();
    let compare = move |(guess, account): (Guess, Option<(Member, Secret, bool)>)| {
        let (member, secret) = account.map(|(member, secret, _)| (member, secret)).unzip();
        let stored = secret.as_ref().and_then(|secret| secret.password_hash.as_deref());
        let right = password::verify(&password, stored);
        (guess, member, secret, right)
    };
    let (guess, member, secret, right) = call.look_up(look, compare).await?;
    let has_second_factor = secret.as_ref().is_some_and(|secret| secret.has_second_factor);
    let hash = secret.and_then(|secret| secret.password_hash);
    // Whoever registers chooses the password of an address that was unknown, and only of one: were its log-in refused in
    // other words, strangers would learn by registering and logging in whose address is known.
    let open = member.filter(|member| match member.state {
        MemberState::Active | MemberState::Closing => right,
        MemberState::Pending | MemberState::Closed => false,
    });
    let (Some(member), Some(hash)) = (open, hash) else {
        call.attempt(Caller::Anyone, move |tx, _| guess.failed(tx)).await?;
        return Err(Problem::new(Code::InvalidCredentials));
    };
    // Others may have failed meanwhile: then nothing is told of this one either, whatever else is wrong with the request.
    let guess = call.look_up(move |conn, _| guess.check(conn).map(|()| guess), identity).await?;
    if member.state == MemberState::Closing {
        return Err(Problem::new(Code::AccountClosing));
    }
    Ok(Examined { guess, member, hash, has_second_factor })
}
