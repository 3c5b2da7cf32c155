//! Comparing a password, for whatever it opens.

use domain::member;

use crate::{
    call::{Call, Caller, blocking},
    password,
    problem::{Code, Problem},
    usecases::{access, guess::Guess},
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
    pub(in crate::routes) member: member::Member,
    pub(in crate::routes) hash: String,
    pub(in crate::routes) has_second_factor: bool,
}

/// Compares the password outside any transaction, because it takes long: as long for an address that nobody has.
pub(in crate::routes) async fn examine(call: &Call, form: &Credentials) -> Result<Examined, Problem> {
    let (given, from) = (form.clone(), call.address());
    let (guess, account) = call
        .look(Caller::Anyone, move |conn, cx| {
            let guess = Guess::at_password(conn, &cx.app, &given.email, &from, given.device_token.as_deref())?;
            guess.check(conn)?;
            Ok((guess, access::account(conn, &given.email)?))
        })
        .await?;
    let (member, secret) = account.unzip();
    let has_second_factor = secret.as_ref().is_some_and(|secret| secret.has_second_factor);
    let hash = secret.and_then(|secret| secret.password_hash);
    let (password, stored) = (form.password.clone(), hash.clone());
    let right = blocking(move || Ok(password::verify(&password, stored.as_deref()))).await?;
    // Whoever registers chooses the password of an address that was unknown, and only of one: were its log-in refused in
    // other words, strangers would learn by registering and logging in whose address is known.
    let open = member.filter(|member| match member.state {
        member::MemberState::Active | member::MemberState::Closing => right,
        member::MemberState::Pending | member::MemberState::Closed => false,
    });
    let (Some(member), Some(hash)) = (open, hash) else {
        call.attempt(Caller::Anyone, move |tx, _| guess.failed(tx)).await?;
        return Err(Problem::new(Code::InvalidCredentials));
    };
    if member.state == member::MemberState::Closing {
        return Err(Problem::new(Code::AccountClosing));
    }
    Ok(Examined { guess, member, hash, has_second_factor })
}
