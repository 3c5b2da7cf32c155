//! The apps that a member has connected: seeing them, and cutting one.

use domain::{event::EventKind, ids::AppId, policy::Operation};
use persistence::{
    authorization_code,
    connection::{self, Connection},
    session::held,
    store::{Conn, Tx},
};

use super::commit::{Audience, tell};
use crate::{clock, context::Context, page::PageRequest, problem::Problem};

/// A page of the apps that can act for the caller, one more than it holds.
///
/// # Errors
/// Not staff's to have.
pub fn list(conn: &mut Conn, cx: &Context, request: &PageRequest) -> Result<Vec<Connection>, Problem> {
    cx.permit(Operation::ManageApps, cx.standing_outside())?;
    Ok(connection::list(conn, cx.person()?, None, clock::real_now(), request.after, request.fetch())?)
}

/// One of them.
///
/// # Errors
/// It is not connected.
pub fn find(conn: &mut Conn, cx: &Context, app: AppId) -> Result<Connection, Problem> {
    cx.permit(Operation::ManageApps, cx.standing_outside())?;
    let found = connection::list(conn, cx.person()?, Some(app), clock::real_now(), None, 1)?.pop();
    found.ok_or_else(Problem::not_found)
}

/// Cuts an app: everything it has of the caller dies at once, on every replica, a code that it has not traded yet as well.
///
/// # Errors
/// It has nothing.
pub fn cut(tx: &mut Tx<'_>, cx: &Context, app: AppId) -> Result<(), Problem> {
    cx.permit(Operation::ManageApps, cx.standing_outside())?;
    let me = cx.person()?;
    // Codes first: one that is just being traded connects the app.
    let codes = authorization_code::void(tx, app, Some(me))?;
    if connection::lock(tx, me, app)?.is_none() {
        return if codes > 0 { Ok(()) } else { Err(Problem::not_found()) };
    }
    held::revoke_of_app(tx, app, Some(me), clock::real_now())?;
    connection::remove(tx, me, app)?;
    tell(tx, cx, app, Audience::only(me), EventKind::AppDisconnected)
}
