//! Which apps a member has connected.

use chrono::{DateTime, Utc};
use diesel::{dsl::exists, prelude::*};
use domain::{
    ids::{AppId, MemberId},
    scope::{Holder, Scopes},
};

use crate::{
    error::StoreError,
    locked::for_update,
    page::Position,
    row::corrupt,
    schema::{apps, connections, sessions},
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// How many connections are forgotten at a time.
const SOME: i64 = 500;

/// An app that can act for a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The app.
    pub app: AppId,
    /// What it is called.
    pub name: String,
    /// Everything that it was allowed.
    pub scopes: Scopes,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to within a minute or so.
    pub used_at: Option<DateTime<Utc>>,
}

/// What an app was allowed before; none if it is not connected.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, member: MemberId, app: AppId) -> Result<Option<Scopes>, StoreError> {
    let query = connections::table.find((Key::from(member), Key::from(app))).select(connections::scopes);
    let scopes: Option<String> = for_update(query).get_result(&mut **tx).optional()?;
    scopes.map(|scopes| scopes.parse().map_err(corrupt("connections", app))).transpose()
}

/// Notes what an app is allowed from now on.
///
/// # Errors
/// [`StoreError::Transient`] when somebody else has just connected it: trying again will find that.
pub fn save(
    tx: &mut Tx<'_>,
    member: MemberId,
    app: AppId,
    scopes: Scopes,
    is_new: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let scopes = scopes.to_string();
    if !is_new {
        let own = connections::table.find((Key::from(member), Key::from(app)));
        diesel::update(own).set(connections::scopes.eq(scopes)).write(tx)?;
        return Ok(());
    }
    diesel::insert_into(connections::table)
        .values((
            connections::member_id.eq(Key::from(member)),
            connections::app_id.eq(Key::from(app)),
            connections::scopes.eq(scopes),
            connections::created_at.eq(Moment::from(now)),
        ))
        .write(tx)
        .map_err(StoreError::raced)?;
    Ok(())
}

/// Forgets that an app was connected; whether it was.
///
/// # Errors
/// Only those of the database.
pub fn remove(tx: &mut Tx<'_>, member: MemberId, app: AppId) -> Result<bool, StoreError> {
    let own = connections::table.find((Key::from(member), Key::from(app)));
    Ok(diesel::delete(own).write(tx)? > 0)
}

/// Forgets the connections of some members with an app; whose, until there are none left. Of some at a time, so that a
/// member each can be told of it by statements of a bounded size.
///
/// # Errors
/// Only those of the database.
pub fn remove_some(tx: &mut Tx<'_>, app: AppId) -> Result<Vec<MemberId>, StoreError> {
    let of_app = connections::table.filter(connections::app_id.eq(Key::from(app)));
    let members: Vec<Key> =
        of_app.select(connections::member_id).order(connections::member_id).limit(SOME).load(&mut **tx)?;
    if let Some(last) = members.last() {
        diesel::delete(of_app.filter(connections::member_id.le(*last))).write(tx)?;
    }
    Ok(members.into_iter().map(MemberId::from).collect())
}

/// Forgets every app that a member had connected.
///
/// # Errors
/// Only those of the database.
pub(crate) fn forget_member(tx: &mut Tx<'_>, member: MemberId) -> Result<(), StoreError> {
    diesel::delete(connections::table.filter(connections::member_id.eq(Key::from(member)))).write(tx)?;
    Ok(())
}

type Row = (Key, String, String, Moment);

/// An app, and when one of its sessions was last used.
type Use = (Option<Key>, Option<Moment>);

/// The apps that have something alive of a member's, newest first; or the one that is asked for.
///
/// # Errors
/// Those of the database, or rows that make no sense.
pub fn list(
    conn: &mut Conn,
    member: MemberId,
    only: Option<AppId>,
    now: DateTime<Utc>,
    after: Option<Position>,
    fetch: i64,
) -> Result<Vec<Connection>, StoreError> {
    let alive = sessions::table
        .filter(sessions::app_id.eq(connections::app_id.nullable()).and(sessions::member_id.eq(connections::member_id)))
        .filter(sessions::holder.eq(Holder::App.as_str()).and(sessions::revoked_at.is_null()))
        .filter(sessions::expires_at.gt(Moment::from(now)));
    let mut query = connections::table
        .inner_join(apps::table)
        .filter(connections::member_id.eq(Key::from(member)).and(exists(alive)))
        .into_boxed();
    if let Some(app) = only {
        query = query.filter(connections::app_id.eq(Key::from(app)));
    }
    if let Some(after) = after {
        let (at, id) = (Moment::from(after.at), Key(after.id));
        let later = connections::created_at.lt(at).or(connections::app_id.lt(id));
        query = query.filter(connections::created_at.le(at)).filter(later);
    }
    let rows: Vec<Row> = query
        .order((connections::created_at.desc(), connections::app_id.desc()))
        .limit(fetch)
        .select((connections::app_id, apps::name, connections::scopes, connections::created_at))
        .load(conn)?;
    let used = last_used(conn, member, rows.iter().map(|row| row.0).collect())?;
    let connection = |(app, name, scopes, created_at): Row| {
        let used_at = used.iter().filter(|(of, _)| *of == Some(app)).filter_map(|(_, at)| *at).max();
        let app = AppId::from(app);
        let scopes = scopes.parse().map_err(corrupt("connections", app))?;
        Ok(Connection { app, name, scopes, created_at: created_at.into(), used_at: used_at.map(Into::into) })
    };
    rows.into_iter().map(connection).collect()
}

fn last_used(conn: &mut Conn, member: MemberId, apps: Vec<Key>) -> Result<Vec<Use>, StoreError> {
    let theirs = sessions::table.filter(sessions::app_id.eq_any(apps).and(sessions::member_id.eq(Key::from(member))));
    Ok(theirs.filter(sessions::used_at.is_not_null()).select((sessions::app_id, sessions::used_at)).load(conn)?)
}
