//! Partner apps.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::{
    app::RedirectUri,
    ids::{AppId, MemberId},
    member::MemberState,
};

use crate::{
    error::StoreError,
    locked::for_update,
    page::{Position, newest_first},
    row::corrupt,
    schema::{apps, members},
    store::{Conn, Tx, WriteNow},
    types::{Document, Key, Moment},
};

/// An app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its id, which is also its `client_id`.
    pub id: AppId,
    /// Who registered it.
    pub owner: MemberId,
    /// What members are told it is called.
    pub name: String,
    /// The hash of its secret; none if it cannot keep one.
    pub secret_hash: Option<Vec<u8>>,
    /// Where members may be sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = apps)]
struct Row {
    id: Key,
    owner_id: Key,
    name: String,
    secret_hash: Option<Vec<u8>>,
    redirect_uris: Document,
    created_at: Moment,
}

impl TryFrom<Row> for App {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = AppId::from(row.id);
        let uris: Vec<String> = serde_json::from_value(row.redirect_uris.0).map_err(corrupt("apps", id))?;
        Ok(Self {
            id,
            owner: row.owner_id.into(),
            name: row.name,
            secret_hash: row.secret_hash,
            redirect_uris: uris.into_iter().map(RedirectUri::stored).collect(),
            created_at: row.created_at.into(),
        })
    }
}

fn document(uris: &[RedirectUri]) -> Document {
    Document(uris.iter().map(RedirectUri::as_str).collect())
}

/// Adds one.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, app: &App) -> Result<(), StoreError> {
    diesel::insert_into(apps::table)
        .values((
            apps::id.eq(Key::from(app.id)),
            apps::owner_id.eq(Key::from(app.owner)),
            apps::name.eq(&app.name),
            apps::secret_hash.eq(&app.secret_hash),
            apps::redirect_uris.eq(document(&app.redirect_uris)),
            apps::created_at.eq(Moment::from(app.created_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// Saves what can be changed of one.
///
/// # Errors
/// Only those of the database.
pub fn save(tx: &mut Tx<'_>, app: &App) -> Result<(), StoreError> {
    diesel::update(apps::table.find(Key::from(app.id)))
        .set((
            apps::name.eq(&app.name),
            apps::secret_hash.eq(&app.secret_hash),
            apps::redirect_uris.eq(document(&app.redirect_uris)),
        ))
        .write(tx)?;
    Ok(())
}

/// One that there is, and whose owner is still here.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: AppId) -> Result<Option<App>, StoreError> {
    let row: Option<Row> = apps::table
        .inner_join(members::table)
        .filter(apps::id.eq(Key::from(id)).and(apps::deleted_at.is_null()))
        .filter(members::state.eq(MemberState::Active.as_str()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(App::try_from).transpose()
}

/// One of a member, locked.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_own(tx: &mut Tx<'_>, owner: MemberId, id: AppId) -> Result<Option<App>, StoreError> {
    let query = apps::table
        .filter(apps::id.eq(Key::from(id)).and(apps::owner_id.eq(Key::from(owner))))
        .filter(apps::deleted_at.is_null())
        .select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(App::try_from).transpose()
}

/// How many a member has.
///
/// # Errors
/// Only those of the database.
pub fn count(conn: &mut Conn, owner: MemberId) -> Result<i64, StoreError> {
    let own = apps::table.filter(apps::owner_id.eq(Key::from(owner)).and(apps::deleted_at.is_null()));
    Ok(own.count().get_result(conn)?)
}

/// Those of a member, newest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn list(conn: &mut Conn, owner: MemberId, after: Option<Position>, fetch: i64) -> Result<Vec<App>, StoreError> {
    let query = apps::table.filter(apps::owner_id.eq(Key::from(owner)).and(apps::deleted_at.is_null())).into_boxed();
    let rows: Vec<Row> = newest_first!(query, apps, after, fetch).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(App::try_from).collect()
}

/// The ids of all that a member has.
///
/// # Errors
/// Only those of the database.
pub fn ids(conn: &mut Conn, owner: MemberId) -> Result<Vec<AppId>, StoreError> {
    let own = apps::table.filter(apps::owner_id.eq(Key::from(owner)).and(apps::deleted_at.is_null()));
    let keys: Vec<Key> = own.select(apps::id).load(conn)?;
    Ok(keys.into_iter().map(AppId::from).collect())
}

/// Takes one out of use. The row stays, since sessions name it; what it was called and where it lived is forgotten.
///
/// # Errors
/// Only those of the database.
pub fn delete(tx: &mut Tx<'_>, id: AppId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(apps::table.find(Key::from(id)))
        .set((
            apps::name.eq(""),
            apps::secret_hash.eq(None::<Vec<u8>>),
            apps::redirect_uris.eq(document(&[])),
            apps::deleted_at.eq(Some(Moment::from(now))),
        ))
        .write(tx)?;
    Ok(())
}
