//! What strangers ask about an address. It is written down and answered before anybody looks whose address it is, so
//! that neither the answer nor its time tells (decision 0022).

use std::sync::Arc;

use domain::member::{Member, MemberState};
use persistence::{
    address_request::{self, AddressRequest, AddressRequestKind},
    credential, mail,
    store::{Intent, Tx},
};
use uuid::Uuid;

use super::{
    access::{MOST_UNDER_WAY, lock_holder, send_confirmation},
    unasked,
};
use crate::{
    clock::{self, Ids},
    context::Context,
    locale::Locale,
    mailer,
    problem::Problem,
    secrets,
    state::App,
};

/// Writes a request down.
///
/// # Errors
/// Only those of the store.
pub fn ask(tx: &mut Tx<'_>, kind: AddressRequestKind, email: &str, locale: Locale) -> Result<(), Problem> {
    let now = clock::real_now();
    let id = Ids::default().fresh_uuid(now);
    let (email, locale) = (email.to_owned(), locale.as_str().to_owned());
    Ok(address_request::insert(tx, &AddressRequest { id, kind, email, locale, created_at: now })?)
}

/// Carries out what waits, oldest first, each request in a transaction of its own. One that fails waits on, and the others
/// do not wait for it.
///
/// # Errors
/// Only those of the store.
pub fn carry_out(app: &Arc<App>) -> Result<(), Problem> {
    let mut last = Uuid::nil();
    while let Some(id) = app.store.read(|conn| address_request::next(conn, last))? {
        last = id;
        let inner = app.clone();
        let answered = app.store.write(Intent::Keep, move |tx| {
            let cx = Context::anonymous(inner.clone(), tx)?;
            address_request::take(tx, id)?.map_or(Ok(()), |request| answer(tx, &cx, &request))
        });
        if let Err(problem) = answered {
            tracing::error!(request = %id, %problem, "what was asked about an address could not be answered{}", problem.causes());
        }
    }
    Ok(())
}

fn answer(tx: &mut Tx<'_>, cx: &Context, request: &AddressRequest) -> Result<(), Problem> {
    let Some(member) = lock_holder(tx, &request.email)? else { return Ok(()) };
    let locale = Locale::stored(&request.locale);
    match (request.kind, member.state) {
        (AddressRequestKind::PasswordReset, MemberState::Active) => send_reset(tx, cx, &member, locale),
        // Perhaps it was somebody else who registered, so nothing here confirms it.
        (AddressRequestKind::PasswordReset, MemberState::Pending) => {
            let mail = mailer::not_confirmed(cx, &member.email, locale);
            unasked::write(tx, cx, &mail)
        }
        (AddressRequestKind::Confirmation, MemberState::Pending) => {
            send_confirmation(tx, cx, member.id, &member.email, locale)
        }
        (AddressRequestKind::Confirmation, MemberState::Active) => {
            let mail = mailer::already_member(cx, &member.email, locale);
            unasked::write(tx, cx, &mail)
        }
        (_, MemberState::Closing | MemberState::Closed) => Ok(()),
    }
}

fn send_reset(tx: &mut Tx<'_>, cx: &Context, member: &Member, locale: Locale) -> Result<(), Problem> {
    let now = clock::real_now();
    let under_way = credential::resets_under_way(tx, member.id, now)?;
    if usize::try_from(under_way).is_ok_and(|resets| resets >= MOST_UNDER_WAY) {
        return Ok(());
    }
    let (token, hash) = secrets::bearer("azp_")?;
    credential::expect_reset(tx, member.id, &hash, now, now + mailer::RESET_LIFE)?;
    let mail = mailer::password_reset(cx, &member.email, &token, locale);
    Ok(mail::queue(tx, &mail)?)
}
