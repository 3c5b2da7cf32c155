//! Registering partner apps.

use domain::{
    app::{self as rules, RedirectUri},
    event::EventKind,
    ids::AppId,
    policy::Operation,
};
use persistence::{
    app::{self, App},
    authorization_code, connection,
    session::held,
    store::{Conn, Tx},
};

use super::{
    commit::{Audience, tell},
    member::{lock_own, lock_proven},
};
use crate::{
    clock,
    context::Context,
    page::PageRequest,
    problem::{Code, Problem},
    secrets,
};

/// How many apps one member can have.
const MOST: i64 = 20;

/// What an app is to be.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What members are told it is called.
    pub name: String,
    /// Where members may be sent back to.
    pub redirect_uris: Vec<RedirectUri>,
}

impl Wish {
    /// What is wished for, if it may be.
    ///
    /// # Errors
    /// [`Code::InvalidBody`] that says what may not.
    pub fn of(name: String, redirect_uris: &[String]) -> Result<Self, Problem> {
        rules::check_name(&name)?;
        let read = |(place, uri): (usize, &String)| {
            RedirectUri::parse(uri).map_err(|error| {
                Problem::new(Code::InvalidBody).at(
                    format!("/redirect_uris/{place}"),
                    error.to_string(),
                    "httpsのURI、または127.0.0.1か[::1]へのhttpのURIを指定してください（フラグメント、ユーザー情報、「..」は使えません）。",
                )
            })
        };
        let redirect_uris = redirect_uris.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { name, redirect_uris })
    }
}

fn permit(cx: &Context) -> Result<(), Problem> {
    cx.permit(Operation::ManageApps, cx.standing_outside())
}

fn note(tx: &mut Tx<'_>, cx: &Context, app: &App, kind: EventKind) -> Result<(), Problem> {
    tell(tx, cx, app.id, Audience::only(app.owner), kind)
}

fn fresh_secret() -> Result<(String, Vec<u8>), Problem> {
    Ok(secrets::bearer("azs_")?)
}

/// Registers an app; one that can keep a secret is shown it, this once.
///
/// # Errors
/// There are too many.
pub fn register(
    tx: &mut Tx<'_>,
    cx: &Context,
    wish: &Wish,
    confidential: bool,
) -> Result<(App, Option<String>), Problem> {
    permit(cx)?;
    // So that of several registered at once each counts the one before, and nobody leaves meanwhile.
    let me = lock_own(tx, cx)?.id;
    if app::count(tx, me)? >= MOST {
        return Err(Problem::new(Code::TooManyApps).detail(
            format!("One member can have {MOST} apps: delete one that is no longer used."),
            format!("登録できるアプリは{MOST}個までです。使わないものを削除してください。"),
        ));
    }
    let (shown, secret_hash) = confidential.then(fresh_secret).transpose()?.unzip();
    let (name, redirect_uris) = (wish.name.clone(), wish.redirect_uris.clone());
    let app = App { id: cx.new_id(), owner: me, name, secret_hash, redirect_uris, created_at: clock::real_now() };
    app::insert(tx, &app)?;
    note(tx, cx, &app, EventKind::AppRegistered)?;
    Ok((app, shown))
}

/// A page of the caller's apps, one more than it holds.
///
/// # Errors
/// Not staff's to have.
pub fn list(conn: &mut Conn, cx: &Context, request: &PageRequest) -> Result<Vec<App>, Problem> {
    permit(cx)?;
    Ok(app::list(conn, cx.person()?, request.after, request.fetch())?)
}

/// One of the caller's apps.
///
/// # Errors
/// There is none.
pub fn find(conn: &mut Conn, cx: &Context, id: AppId) -> Result<App, Problem> {
    permit(cx)?;
    let me = cx.person()?;
    app::find(conn, id)?.filter(|app| app.owner == me).ok_or_else(Problem::not_found)
}

fn lock(tx: &mut Tx<'_>, cx: &Context, id: AppId) -> Result<App, Problem> {
    app::lock_own(tx, cx.person()?, id)?.ok_or_else(Problem::not_found)
}

/// Calls an app otherwise, or lets members be sent elsewhere. Codes that were sent to a place that is gone are void.
///
/// # Errors
/// The last proof is too long ago, or there is no such app.
pub fn change(tx: &mut Tx<'_>, cx: &Context, id: AppId, wish: &Wish) -> Result<App, Problem> {
    permit(cx)?;
    lock_proven(tx, cx)?;
    let app = lock(tx, cx, id)?;
    let app = App { name: wish.name.clone(), redirect_uris: wish.redirect_uris.clone(), ..app };
    app::save(tx, &app)?;
    authorization_code::void(tx, id, None)?;
    note(tx, cx, &app, EventKind::AppChanged)?;
    Ok(app)
}

/// Another secret in place of the present one, which is void at once.
///
/// # Errors
/// The last proof is too long ago, there is no such app, or it keeps no secret.
pub fn rotate_secret(tx: &mut Tx<'_>, cx: &Context, id: AppId) -> Result<(App, String), Problem> {
    permit(cx)?;
    lock_proven(tx, cx)?;
    let app = lock(tx, cx, id)?;
    if app.secret_hash.is_none() {
        return Err(Problem::not_found());
    }
    let (shown, hash) = fresh_secret()?;
    let app = App { secret_hash: Some(hash), ..app };
    app::save(tx, &app)?;
    note(tx, cx, &app, EventKind::AppSecretChanged)?;
    Ok((app, shown))
}

/// Deletes an app: everything it has dies at once, of every member.
///
/// # Errors
/// There is none.
pub fn delete(tx: &mut Tx<'_>, cx: &Context, id: AppId) -> Result<(), Problem> {
    permit(cx)?;
    let app = lock(tx, cx, id)?;
    end(tx, cx, app.id)?;
    note(tx, cx, &app, EventKind::AppDeleted)
}

/// Takes an app out of use, of which everybody hears who had connected it.
///
/// # Errors
/// Only those of the store.
pub fn end(tx: &mut Tx<'_>, cx: &Context, id: AppId) -> Result<(), Problem> {
    let now = clock::real_now();
    held::revoke_of_app(tx, id, None, now)?;
    authorization_code::void(tx, id, None)?;
    loop {
        let members = connection::remove_some(tx, id)?;
        if members.is_empty() {
            break;
        }
        members.into_iter().try_for_each(|of| tell(tx, cx, id, Audience::only(of), EventKind::AppDisconnected))?;
    }
    Ok(app::delete(tx, id, now)?)
}
