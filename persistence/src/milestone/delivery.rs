//! What was handed over, and which changes were asked for.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use domain::ids::{DeliveryId, MilestoneId};

use crate::{
    error::StoreError,
    row::corrupt,
    schema::{change_requests, deliveries},
    store::{Conn, Tx, WriteNow},
    types::{Document, Key, Moment},
};

/// Something handed over for a milestone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, which the client names when accepting.
    pub id: DeliveryId,
    /// For which milestone.
    pub milestone: MilestoneId,
    /// What the worker says, perhaps the work itself.
    pub message: String,
    /// Where the work is.
    pub links: Vec<String>,
    /// When it was handed over.
    pub created_at: DateTime<Utc>,
}

/// Changes a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRequest {
    /// In which milestone.
    pub milestone: MilestoneId,
    /// The round, from 1.
    pub round: i32,
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// What is to change.
    pub reason: String,
    /// By when.
    pub due_on: NaiveDate,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
}

/// Adds a delivery.
///
/// # Errors
/// Only those of the database.
pub fn add_delivery(tx: &mut Tx<'_>, delivery: &Delivery) -> Result<(), StoreError> {
    diesel::insert_into(deliveries::table)
        .values((
            deliveries::id.eq(Key::from(delivery.id)),
            deliveries::milestone_id.eq(Key::from(delivery.milestone)),
            deliveries::message.eq(&delivery.message),
            deliveries::links.eq(Document(delivery.links.clone().into())),
            deliveries::created_at.eq(Moment::from(delivery.created_at)),
        ))
        .write(tx)?;
    Ok(())
}

/// Adds a change request.
///
/// # Errors
/// Only those of the database.
pub fn add_change_request(tx: &mut Tx<'_>, request: &ChangeRequest) -> Result<(), StoreError> {
    diesel::insert_into(change_requests::table)
        .values((
            change_requests::milestone_id.eq(Key::from(request.milestone)),
            change_requests::round.eq(request.round),
            change_requests::delivery_id.eq(Key::from(request.delivery)),
            change_requests::reason.eq(&request.reason),
            change_requests::due_on.eq(request.due_on),
            change_requests::created_at.eq(Moment::from(request.created_at)),
        ))
        .write(tx)?;
    Ok(())
}

type DeliveryRow = (Key, String, Document, Moment);

/// Everything handed over for a milestone, oldest first.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn deliveries(conn: &mut Conn, milestone: MilestoneId) -> Result<Vec<Delivery>, StoreError> {
    let rows: Vec<DeliveryRow> = deliveries::table
        .filter(deliveries::milestone_id.eq(Key::from(milestone)))
        .order((deliveries::created_at, deliveries::id))
        .select((deliveries::id, deliveries::message, deliveries::links, deliveries::created_at))
        .load(conn)?;
    let read = |(id, message, links, created_at): DeliveryRow| {
        let links = serde_json::from_value(links.0).map_err(corrupt("deliveries", id.0))?;
        Ok(Delivery { id: id.into(), milestone, message, links, created_at: created_at.into() })
    };
    rows.into_iter().map(read).collect()
}

type ChangeRow = (i32, Key, String, NaiveDate, Moment);

/// Every round of changes of a milestone, in order.
///
/// # Errors
/// Only those of the database.
pub fn change_requests(conn: &mut Conn, milestone: MilestoneId) -> Result<Vec<ChangeRequest>, StoreError> {
    let rows: Vec<ChangeRow> = change_requests::table
        .filter(change_requests::milestone_id.eq(Key::from(milestone)))
        .order(change_requests::round)
        .select((
            change_requests::round,
            change_requests::delivery_id,
            change_requests::reason,
            change_requests::due_on,
            change_requests::created_at,
        ))
        .load(conn)?;
    let read = |(round, delivery, reason, due_on, created_at): ChangeRow| ChangeRequest {
        milestone,
        round,
        delivery: delivery.into(),
        reason,
        due_on,
        created_at: created_at.into(),
    };
    Ok(rows.into_iter().map(read).collect())
}
