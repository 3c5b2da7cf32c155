//! Mail to be sent: written with the change that causes it, sent after by whoever claims it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::ids::MailId;

use crate::{
    error::StoreError,
    locked::for_update,
    row::forgotten_by_age,
    schema::mails,
    store::{Conn, Rows, Tx, WriteNow},
    types::{Key, Moment},
};

/// A mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its id, also its `Message-ID`, so that a repeated sending is seen as one mail.
    pub id: MailId,
    /// The address it goes to.
    pub recipient: String,
    /// The subject line.
    pub subject: String,
    /// The text: paragraphs between empty lines.
    pub body: String,
    /// The language it is written in.
    pub locale: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

type Row = (Key, String, String, String, String, i32, Moment);

impl From<Row> for Mail {
    fn from((id, recipient, subject, body, locale, attempts, created_at): Row) -> Self {
        Self { id: id.into(), recipient, subject, body, locale, attempts, created_at: created_at.into() }
    }
}

type Columns =
    (mails::id, mails::recipient, mails::subject, mails::body, mails::locale, mails::attempts, mails::created_at);

const COLUMNS: Columns =
    (mails::id, mails::recipient, mails::subject, mails::body, mails::locale, mails::attempts, mails::created_at);

/// Queues a mail, which is due at once.
///
/// # Errors
/// Only those of the database.
pub fn queue(tx: &mut Tx<'_>, mail: &Mail) -> Result<(), StoreError> {
    let insert = diesel::insert_into(mails::table).values((
        mails::id.eq(Key::from(mail.id)),
        mails::recipient.eq(mail.recipient.clone()),
        mails::subject.eq(mail.subject.clone()),
        mails::body.eq(mail.body.clone()),
        mails::locale.eq(mail.locale.clone()),
        mails::created_at.eq(Moment::from(mail.created_at)),
        mails::next_attempt_at.eq(Some(Moment::from(mail.created_at))),
        mails::attempts.eq(0),
    ));
    tx.later(Rows::New, insert)
}

/// Takes the mail that is due next and puts it off until `retry_at`, when it is due again unless [`sent`] by then.
///
/// # Errors
/// Only those of the database.
pub fn claim(tx: &mut Tx<'_>, now: DateTime<Utc>, retry_at: DateTime<Utc>) -> Result<Option<Mail>, StoreError> {
    let due = mails::table
        .filter(mails::next_attempt_at.le(Moment::from(now)))
        .order(mails::next_attempt_at)
        .limit(1)
        .select(COLUMNS);
    let Some(row) = for_update(due).get_result::<Row>(&mut **tx).optional()? else {
        return Ok(None);
    };
    diesel::update(mails::table.find(row.0))
        .set((mails::next_attempt_at.eq(Some(Moment::from(retry_at))), mails::attempts.eq(mails::attempts + 1)))
        .write(tx)?;
    let mail = Mail::from(row);
    Ok(Some(Mail { attempts: mail.attempts + 1, ..mail }))
}

/// Notes that a mail has been handed over.
///
/// # Errors
/// Only those of the database.
pub fn sent(tx: &mut Tx<'_>, id: MailId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(mails::table.find(Key::from(id)))
        .set((
            mails::sent_at.eq(Some(Moment::from(now))),
            mails::next_attempt_at.eq(None::<Moment>),
            mails::last_error.eq(None::<String>),
        ))
        .write(tx)?;
    Ok(())
}

/// Notes why a mail could not be handed over, and when it is due again, if it is. Whoever took so long over it that
/// another replica has sent it meanwhile changes nothing.
///
/// # Errors
/// Only those of the database.
pub fn failed(tx: &mut Tx<'_>, id: MailId, why: &str, again: Option<DateTime<Utc>>) -> Result<(), StoreError> {
    diesel::update(mails::table.find(Key::from(id)).filter(mails::sent_at.is_null()))
        .set((mails::last_error.eq(Some(why)), mails::next_attempt_at.eq(again.map(Moment::from))))
        .write(tx)?;
    Ok(())
}

forgotten_by_age!(mails, created_at);

/// The newest mails to one address, for the sandbox's test mailbox.
///
/// # Errors
/// Only those of the database.
pub fn to(conn: &mut Conn, recipient: &str, most: i64) -> Result<Vec<Mail>, StoreError> {
    let rows: Vec<Row> = mails::table
        .filter(mails::recipient.eq(recipient))
        .order(mails::id.desc())
        .limit(most)
        .select(COLUMNS)
        .load(conn)?;
    Ok(rows.into_iter().map(Mail::from).collect())
}
