//! Lists: keyset pages with opaque, signed cursors that are bound to their filters.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use persistence::page::Position;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    problem::{Code, Problem},
    secrets::Secrets,
};

/// How many items a page has unless asked otherwise.
const DEFAULT_LIMIT: u8 = 20;

/// The most items of a page.
const MAX_LIMIT: u8 = 100;

/// How many items are asked for.
///
/// # Errors
/// Fewer than one, or more than a page has.
pub fn limit(asked: Option<u8>) -> Result<u8, Problem> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(Code::InvalidParameter)
        .detail("limit must be from 1 to 100.", "limitは1～100で指定してください。"))
}

/// The parameters of a list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageFilter {
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

impl PageFilter {
    /// How many, and from where on.
    pub fn parts(&self) -> (Option<u8>, Option<&str>) {
        (self.limit, self.cursor.as_deref())
    }

    /// The page of a list that is asked for.
    ///
    /// # Errors
    /// As [`PageRequest::read`].
    pub fn page(&self, list: String, secrets: &Secrets) -> Result<PageRequest, Problem> {
        PageRequest::read(self.limit, self.cursor.as_deref(), list, secrets)
    }
}

/// The position of what there is one of for each day.
pub fn of_day(day: NaiveDate) -> Position {
    Position { at: day.and_time(NaiveTime::MIN).and_utc(), id: Uuid::nil() }
}

/// Which page of which list is asked for.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// How many items at most.
    pub limit: i64,
    /// Where the page before ended.
    pub after: Option<Position>,
    list: String,
}

impl PageRequest {
    /// Reads `limit` and `cursor`; `list` names the list with all its filters, which the cursor is bound to.
    ///
    /// # Errors
    /// A limit out of range, a cursor that is not ours or belongs to another list.
    pub fn read(limit: Option<u8>, cursor: Option<&str>, list: String, secrets: &Secrets) -> Result<Self, Problem> {
        let limit = self::limit(limit)?.into();
        let after = cursor.map(|cursor| open(cursor, &list, secrets)).transpose()?;
        Ok(Self { limit, after, list })
    }

    /// The day that the page before ended with, in a list by days.
    pub fn after_day(&self) -> Option<NaiveDate> {
        self.after.map(|position| position.at.date_naive())
    }

    /// One more than the page holds, to see whether another follows.
    pub const fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// Cuts what was fetched to the page, and makes the cursor of the next one if there is one.
    pub fn cut<T>(
        &self,
        mut items: Vec<T>,
        position: impl Fn(&T) -> Position,
        secrets: &Secrets,
    ) -> (Vec<T>, Option<String>) {
        let size = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| more).map(|last| seal(position(last), &self.list, secrets));
        (items, next)
    }

    /// The same, but a page ends only where the group does that its last item belongs to.
    pub fn cut_whole<T, G: PartialEq>(
        &self,
        mut items: Vec<T>,
        group: impl Fn(&T) -> G,
        position: impl Fn(&T) -> Position,
        secrets: &Secrets,
    ) -> (Vec<T>, Option<String>) {
        let size = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let last = items.get(size.saturating_sub(1)).map(&group);
        let rest = items.iter().skip(size).take_while(|item| Some(group(item)) == last).count();
        let more = items.len() > size + rest;
        items.truncate(size + rest);
        let next = items.last().filter(|_| more).map(|last| seal(position(last), &self.list, secrets));
        (items, next)
    }
}

fn seal(position: Position, list: &str, secrets: &Secrets) -> String {
    let place = format!("{}.{}", position.at.timestamp_micros(), position.id.simple());
    let tag = secrets.sign(&format!("{list} {place}"));
    format!("{place}.{tag}")
}

fn open(cursor: &str, list: &str, secrets: &Secrets) -> Result<Position, Problem> {
    let invalid = || Problem::new(Code::InvalidCursor);
    let (place, tag) = cursor.rsplit_once('.').ok_or_else(invalid)?;
    if !secrets.verify(&format!("{list} {place}"), tag) {
        return Err(invalid());
    }
    let (micros, id) = place.split_once('.').ok_or_else(invalid)?;
    let at: DateTime<Utc> =
        micros.parse().ok().and_then(|micros| Utc.timestamp_micros(micros).single()).ok_or_else(invalid)?;
    Ok(Position { at, id: Uuid::try_parse(id).map_err(|_| invalid())? })
}
