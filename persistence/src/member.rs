//! Members and what belongs to their accounts.

use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use domain::{
    ids::{MemberId, SessionId},
    member::Member,
    username::Username,
};

use crate::{
    api_key, authorization_code, connection,
    credential::{self, Secret},
    email_change, email_confirmation,
    error::StoreError,
    identity,
    locked::{for_share, for_update},
    row::{corrupt, saved},
    schema::{devices, idempotency_keys, mails, members, sessions},
    second_factor,
    session::devices::is_theirs,
    social_flow,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

/// Written out, so that both engines see that the index of staff holds all that is looked for.
pub(crate) const STAFF: &str = "members.role <> 'member'";

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = members)]
struct Row {
    id: Key,
    kind: String,
    role: String,
    email: String,
    display_name: String,
    username: Option<String>,
    state: String,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<Row> for Member {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = MemberId::from(row.id);
        let bad = corrupt("members", id);
        Ok(Self {
            id,
            kind: row.kind.parse().map_err(&bad)?,
            role: row.role.parse().map_err(&bad)?,
            email: row.email,
            display_name: row.display_name,
            username: row.username.map(Username::stored),
            state: row.state.parse().map_err(&bad)?,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// What an account has besides the member that the domain knows.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The e-mail address as it is compared.
    pub email_key: String,
    /// The argon2id hash.
    pub password_hash: Option<String>,
    /// The language of our mail to them.
    pub locale: String,
    /// The terms of use they agreed to.
    pub terms_version: String,
}

/// Adds a member.
///
/// # Errors
/// [`StoreError::Transient`] when somebody else has just taken the e-mail address: trying again will find them.
pub fn insert(tx: &mut Tx<'_>, member: &Member, credentials: &Credentials) -> Result<(), StoreError> {
    diesel::insert_into(members::table)
        .values((
            members::id.eq(Key::from(member.id)),
            members::kind.eq(member.kind.as_str()),
            members::role.eq(member.role.as_str()),
            members::email.eq(&member.email),
            members::email_key.eq(&credentials.email_key),
            members::display_name.eq(&member.display_name),
            members::username.eq(member.username.as_ref().map(Username::as_str)),
            members::password_hash.eq(&credentials.password_hash),
            members::locale.eq(&credentials.locale),
            members::terms_version.eq(&credentials.terms_version),
            members::state.eq(member.state.as_str()),
            members::version.eq(member.version),
            members::created_at.eq(Moment::from(member.created_at)),
            members::updated_at.eq(Moment::from(member.updated_at)),
        ))
        .write(tx)
        .map_err(StoreError::raced)?;
    Ok(())
}

/// Starts the registration of an unconfirmed address anew.
///
/// # Errors
/// Those of the database; [`StoreError::LostRace`] when it is not as it was read.
pub fn register_anew(tx: &mut Tx<'_>, member: &Member, credentials: &Credentials) -> Result<(), StoreError> {
    let id = Key::from(member.id);
    let changed = diesel::update(members::table.find(id))
        .filter(members::version.eq(member.version))
        .set((
            members::kind.eq(member.kind.as_str()),
            members::email.eq(&member.email),
            members::display_name.eq(&member.display_name),
            members::username.eq(member.username.as_ref().map(Username::as_str)),
            members::password_hash.eq(&credentials.password_hash),
            members::locale.eq(&credentials.locale),
            members::terms_version.eq(&credentials.terms_version),
            members::version.eq(member.version + 1),
            members::updated_at.eq(Moment::from(member.updated_at)),
        ))
        .write(tx)?;
    saved(changed, "members")
}

/// Reads a member.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: MemberId) -> Result<Option<Member>, StoreError> {
    let row = members::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(Member::try_from).transpose()
}

/// Reads and locks a member.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: MemberId) -> Result<Option<Member>, StoreError> {
    let query = members::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(Member::try_from).transpose()
}

/// Reads and locks members, in the order of their ids.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_all(tx: &mut Tx<'_>, ids: &[MemberId]) -> Result<Vec<Member>, StoreError> {
    let keys: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    let query = members::table.filter(members::id.eq_any(keys)).order(members::id).select(Row::as_select());
    for_update(query).load::<Row>(&mut **tx)?.into_iter().map(Member::try_from).collect()
}

/// Keeps members as they are until the transaction ends, in the order of their ids; others may rely on them, too.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock_shared(tx: &mut Tx<'_>, ids: &[MemberId]) -> Result<Vec<Member>, StoreError> {
    let keys: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    let query = members::table.filter(members::id.eq_any(keys)).order(members::id).select(Row::as_select());
    for_share(query).load::<Row>(&mut **tx)?.into_iter().map(Member::try_from).collect()
}

/// Saves a changed member if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, member: &Member) -> Result<Member, StoreError> {
    let changed = diesel::update(members::table.find(Key::from(member.id)))
        .filter(members::version.eq(member.version))
        .set((
            members::role.eq(member.role.as_str()),
            members::state.eq(member.state.as_str()),
            members::display_name.eq(&member.display_name),
            members::version.eq(member.version + 1),
            members::updated_at.eq(Moment::from(member.updated_at)),
        ))
        .write(tx)?;
    saved(changed, "members")?;
    Ok(Member { version: member.version + 1, ..member.clone() })
}

/// Finds a member by e-mail address.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn by_email(conn: &mut Conn, email_key: &str) -> Result<Option<Member>, StoreError> {
    let query = members::table.filter(members::email_key.eq(email_key)).select(Row::as_select());
    query.first::<Row>(conn).optional()?.map(Member::try_from).transpose()
}

/// The same, with what they log in with, and whether they have logged in before on the device with this token.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn logging_in(
    conn: &mut Conn,
    email_key: &str,
    device_hash: &[u8],
) -> Result<Option<(Member, Secret, bool)>, StoreError> {
    let row: Option<(Row, credential::Row, bool)> = members::table
        .filter(members::email_key.eq(email_key))
        .select((Row::as_select(), credential::columns(), is_theirs(device_hash)))
        .first(conn)
        .optional()?;
    row.map(|(row, secret, known)| Ok((row.try_into()?, secret.into(), known))).transpose()
}

/// Whether a member can log in by password.
///
/// # Errors
/// Only those of the database.
pub fn has_password(conn: &mut Conn, id: MemberId) -> Result<bool, StoreError> {
    let hash: Option<Option<String>> =
        members::table.find(Key::from(id)).select(members::password_hash).first(conn).optional()?;
    Ok(hash.flatten().is_some())
}

/// Forgets who somebody was who has left: everything that says so outside the books. Their address is free again, as
/// far as the rules for coming back allow.
///
/// # Errors
/// Only those of the database.
pub fn forget(tx: &mut Tx<'_>, id: MemberId) -> Result<(), StoreError> {
    let (key, none) = (Key::from(id), None::<String>);
    let address: Option<String> = members::table.find(key).select(members::email).first(&mut **tx).optional()?;
    diesel::update(members::table.find(key))
        .set((
            members::email.eq(""),
            members::email_key.eq(id.to_string()),
            members::display_name.eq(""),
            members::username.eq(&none),
            members::username_skeleton.eq(&none),
            members::password_hash.eq(&none),
        ))
        .write(tx)?;
    email_confirmation::void(tx, id)?;
    credential::void_resets(tx, id)?;
    email_change::cancel(tx, id)?;
    second_factor::remove(tx, id)?;
    identity::forget_member(tx, id)?;
    social_flow::forget_member(tx, id)?;
    diesel::delete(devices::table.filter(devices::member_id.eq(key))).write(tx)?;
    let labels = sessions::table.filter(sessions::member_id.eq(key));
    diesel::update(labels).set(sessions::device.eq("")).write(tx)?;
    api_key::forget_member(tx, id)?;
    connection::forget_member(tx, id)?;
    authorization_code::forget_member(tx, id)?;
    // Answers tell the address and the bank account; that of the request at hand is not written yet.
    let held: Vec<Key> = labels.filter(sessions::holder.is_not_null()).select(sessions::id).load(&mut **tx)?;
    let mut callers: Vec<String> = held.into_iter().map(|key| SessionId::from(key).to_string()).collect();
    callers.push(id.to_string());
    let answers = idempotency_keys::table.filter(idempotency_keys::caller.eq_any(callers));
    diesel::delete(answers.filter(idempotency_keys::answer.is_not_null())).write(tx)?;
    diesel::delete(mails::table.filter(mails::recipient.eq(address.unwrap_or_default()))).write(tx)?;
    Ok(())
}

/// Whether none of the operator's people has an account yet.
///
/// # Errors
/// Only those of the database.
pub fn no_staff(conn: &mut Conn) -> Result<bool, StoreError> {
    let any: Option<Key> =
        members::table.filter(sql::<Bool>(STAFF)).select(members::id).limit(1).get_result(conn).optional()?;
    Ok(any.is_none())
}

/// Where to write to a member, and in which language; none to somebody who is forgotten.
///
/// # Errors
/// Only those of the database.
pub fn address(conn: &mut Conn, id: MemberId) -> Result<Option<(String, String)>, StoreError> {
    let query =
        members::table.find(Key::from(id)).filter(members::email.ne("")).select((members::email, members::locale));
    Ok(query.first(conn).optional()?)
}
