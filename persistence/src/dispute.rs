//! Disputes: rows to the domain and back.

mod list;

use diesel::prelude::*;
use domain::{
    dispute::{Dispute, Offer, ProposedRuling},
    ids::DisputeId,
    money::{Currency, Money},
};

pub use self::list::{DisputeFilter, Mediator, list, mediators};
use crate::{
    error::StoreError,
    locked::for_update,
    row::{corrupt, money, saved},
    schema::disputes,
    store::{Conn, Tx, WriteNow},
    types::{Key, Moment},
};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = disputes, treat_none_as_null = true)]
struct Row {
    id: Key,
    contract_id: Key,
    milestone_id: Key,
    client_id: Key,
    worker_id: Key,
    opened_by: String,
    reason: String,
    claim: String,
    currency: String,
    held: i64,
    answer: Option<String>,
    offer_by: Option<String>,
    offer_share: Option<i64>,
    ruling_by: Option<Key>,
    ruling_share: Option<i64>,
    ruling_reasoning: Option<String>,
    state: String,
    owner_id: Option<Key>,
    respond_by: Option<Moment>,
    negotiation_ends_at: Option<Moment>,
    escalate_at: Option<Moment>,
    escalated_at: Option<Moment>,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
}

impl From<&Dispute> for Row {
    fn from(dispute: &Dispute) -> Self {
        let ruling = dispute.ruling.as_ref();
        Self {
            id: dispute.id.into(),
            contract_id: dispute.contract.into(),
            milestone_id: dispute.milestone.into(),
            client_id: dispute.client.into(),
            worker_id: dispute.worker.into(),
            opened_by: dispute.opened_by.to_string(),
            reason: dispute.reason.to_string(),
            claim: dispute.claim.clone(),
            currency: dispute.held.currency().to_string(),
            held: dispute.held.amount(),
            answer: dispute.answer.clone(),
            offer_by: dispute.offer.map(|offer| offer.by.to_string()),
            offer_share: dispute.offer.map(|offer| offer.worker_share.amount()),
            ruling_by: ruling.map(|ruling| ruling.by.into()),
            ruling_share: ruling.map(|ruling| ruling.worker_share.amount()),
            ruling_reasoning: ruling.map(|ruling| ruling.reasoning.clone()),
            state: dispute.state.to_string(),
            owner_id: dispute.owner.map(Key::from),
            respond_by: dispute.respond_by.map(Moment::from),
            negotiation_ends_at: dispute.negotiation_ends_at.map(Moment::from),
            escalate_at: dispute.escalate_at.map(Moment::from),
            escalated_at: dispute.escalated_at.map(Moment::from),
            version: dispute.version,
            created_at: dispute.created_at.into(),
            updated_at: dispute.updated_at.into(),
        }
    }
}

impl Row {
    fn money(&self, amount: i64) -> Result<Money, StoreError> {
        let id = DisputeId::from(self.id);
        let currency: Currency = self.currency.parse().map_err(corrupt("disputes", id))?;
        money(amount, currency, "disputes", id)
    }

    fn offer(&self) -> Result<Option<Offer>, StoreError> {
        let (Some(by), Some(share)) = (&self.offer_by, self.offer_share) else { return Ok(None) };
        let by = by.parse().map_err(corrupt("disputes", DisputeId::from(self.id)))?;
        Ok(Some(Offer { by, worker_share: self.money(share)? }))
    }

    fn ruling(&self) -> Result<Option<ProposedRuling>, StoreError> {
        let (Some(by), Some(share), Some(reasoning)) = (self.ruling_by, self.ruling_share, &self.ruling_reasoning)
        else {
            return Ok(None);
        };
        Ok(Some(ProposedRuling { by: by.into(), worker_share: self.money(share)?, reasoning: reasoning.clone() }))
    }
}

impl TryFrom<Row> for Dispute {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = DisputeId::from(row.id);
        let bad = corrupt("disputes", id);
        Ok(Self {
            id,
            contract: row.contract_id.into(),
            milestone: row.milestone_id.into(),
            client: row.client_id.into(),
            worker: row.worker_id.into(),
            opened_by: row.opened_by.parse().map_err(&bad)?,
            reason: row.reason.parse().map_err(&bad)?,
            held: row.money(row.held)?,
            offer: row.offer()?,
            ruling: row.ruling()?,
            claim: row.claim,
            answer: row.answer,
            state: row.state.parse().map_err(&bad)?,
            owner: row.owner_id.map(Into::into),
            respond_by: row.respond_by.map(Into::into),
            negotiation_ends_at: row.negotiation_ends_at.map(Into::into),
            escalate_at: row.escalate_at.map(Into::into),
            escalated_at: row.escalated_at.map(Into::into),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// Adds a dispute.
///
/// # Errors
/// Only those of the database.
pub fn insert(tx: &mut Tx<'_>, dispute: &Dispute) -> Result<(), StoreError> {
    diesel::insert_into(disputes::table).values(Row::from(dispute)).write(tx)?;
    Ok(())
}

/// Reads a dispute.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn find(conn: &mut Conn, id: DisputeId) -> Result<Option<Dispute>, StoreError> {
    let row = disputes::table.find(Key::from(id)).select(Row::as_select()).first(conn).optional()?;
    row.map(Dispute::try_from).transpose()
}

/// Reads and locks a dispute. Where its milestone ends with it, the contract is locked before.
///
/// # Errors
/// Those of the database, or a row that makes no sense.
pub fn lock(tx: &mut Tx<'_>, id: DisputeId) -> Result<Option<Dispute>, StoreError> {
    let query = disputes::table.find(Key::from(id)).select(Row::as_select());
    for_update(query).get_result::<Row>(&mut **tx).optional()?.map(Dispute::try_from).transpose()
}

/// Saves a changed dispute if it is still as it was read.
///
/// # Errors
/// [`StoreError::LostRace`] otherwise.
pub fn save(tx: &mut Tx<'_>, dispute: &Dispute) -> Result<Dispute, StoreError> {
    let next = Dispute { version: dispute.version + 1, ..dispute.clone() };
    let changed = diesel::update(disputes::table.find(Key::from(dispute.id)))
        .filter(disputes::version.eq(dispute.version))
        .set(Row::from(&next))
        .write(tx)?;
    saved(changed, "disputes")?;
    Ok(next)
}
