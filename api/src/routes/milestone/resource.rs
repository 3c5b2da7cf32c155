//! A milestone as it is sent.

use chrono::NaiveDate;
use domain::{policy::Operation, release::payment_due_on};
use persistence::{
    escrow::Charged,
    milestone::{self, Stored},
    store::Conn,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    context::Context,
    date_time::DateTime,
    money::Money,
    problem::Problem,
    routes::{payment::Payment, preview::Preview},
    usecases::work::{Begun, Work},
    words::{EscrowState, MilestoneState, Word},
};

/// What a release took and gave.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::routes) struct ReleaseBreakdown {
    /// The worker's share of the escrow.
    gross: Money,
    /// What the operator took, by the contract's fee schedule.
    fee: Money,
    /// The consumption tax on the fee.
    tax: Money,
    /// What the worker earned.
    net: Money,
}

impl ReleaseBreakdown {
    /// Of a share, what was charged and what was left.
    pub(in crate::routes) fn of(gross: domain::money::Money, charged: Charged) -> Self {
        Self { gross: gross.into(), fee: charged.fee.into(), tax: charged.tax.into(), net: charged.net.into() }
    }
}

/// A part of a contract: the unit of funding, delivery and acceptance.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::routes) struct Milestone {
    id: String,
    contract_id: String,
    client_id: String,
    worker_id: String,
    /// Its place among the milestones, from 1.
    position: i32,
    #[schema(example = "First draft")]
    title: String,
    amount: Money,
    due_on: NaiveDate,
    status: MilestoneState,
    /// Where its money is.
    escrow_status: EscrowState,
    escrow_id: String,
    /// What is to be paid besides the amount, to fund it: the contract's termination fee, with the first milestone.
    termination_fee_due: Money,
    /// What is set aside of the client's funds while it is being funded; null for those who may not see its payments.
    #[schema(required = true)]
    reserved: Option<Money>,
    revision_rounds_used: i32,
    revision_limit: i32,
    /// The delivery to name when accepting.
    #[schema(required = true)]
    delivery_id: Option<String>,
    /// When silence accepts the delivery.
    #[schema(required = true)]
    auto_accept_at: Option<DateTime>,
    /// When waiting for its money ends.
    #[schema(required = true)]
    funding_expires_at: Option<DateTime>,
    #[schema(required = true)]
    funded_at: Option<DateTime>,
    #[schema(required = true)]
    delivered_at: Option<DateTime>,
    #[schema(required = true)]
    finished_at: Option<DateTime>,
    /// What became of the money, once it was released.
    #[schema(required = true)]
    release: Option<ReleaseBreakdown>,
    /// The last day on which what was released may lawfully be paid to the worker: the sixtieth, counting the day of delivery.
    #[schema(required = true)]
    payment_due_on: Option<NaiveDate>,
    /// What you may do now.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

impl Milestone {
    /// As this caller sees it now.
    pub(in crate::routes) fn of(stored: &Stored, work: &Work, begun: &Begun, cx: &Context) -> Self {
        let Stored { milestone, escrow, charged } = stored;
        let standing = cx.standing(milestone.client, milestone.worker);
        let release = charged.zip(milestone.worker_share).map(|(charged, share)| ReleaseBreakdown::of(share, charged));
        Self {
            id: milestone.id.to_string(),
            contract_id: milestone.contract.to_string(),
            client_id: milestone.client.to_string(),
            worker_id: milestone.worker.to_string(),
            position: milestone.position,
            title: milestone.title.clone(),
            amount: milestone.amount.into(),
            due_on: milestone.due_on,
            status: Word(milestone.state),
            escrow_status: Word(escrow.state),
            escrow_id: escrow.id.to_string(),
            termination_fee_due: milestone.termination_fee_due.into(),
            reserved: cx.permit(Operation::ReadPayment, standing).is_ok().then(|| milestone.reserved.into()),
            revision_rounds_used: milestone.revision_rounds,
            revision_limit: milestone.revision_limit,
            delivery_id: milestone.delivery.map(|id| id.to_string()),
            auto_accept_at: milestone.auto_accept_at.map(Into::into),
            funding_expires_at: milestone.funding_expires_at.map(Into::into),
            funded_at: milestone.funded_at.map(Into::into),
            delivered_at: milestone.delivered_at.map(Into::into),
            finished_at: milestone.finished_at.map(Into::into),
            release,
            payment_due_on: charged
                .and(milestone.finished_at)
                .map(|at| payment_due_on(milestone.delivered_at, at, &cx.app.rules.payout)),
            allowed_actions: work.allowed_actions(milestone, standing, begun),
            version: milestone.version,
            created_at: milestone.created_at.into(),
            updated_at: milestone.updated_at.into(),
            preview: Preview::of(cx),
        }
    }
}

/// Something handed over.
#[derive(Debug, Serialize, ToSchema)]
struct Delivery {
    id: String,
    message: String,
    links: Vec<String>,
    created_at: DateTime,
}

/// Changes that were asked for.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeRequest {
    round: i32,
    /// Of which delivery.
    delivery_id: String,
    reason: String,
    due_on: NaiveDate,
    created_at: DateTime,
}

/// A milestone with everything that was handed over and asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MilestoneDetail {
    #[serde(flatten)]
    milestone: Milestone,
    /// Oldest first.
    deliveries: Vec<Delivery>,
    /// Round by round.
    change_requests: Vec<ChangeRequest>,
    /// Newest first; seen by the client, and by those of staff who see payments.
    payments: Vec<Payment>,
}

impl MilestoneDetail {
    /// Reads what belongs to it.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn of(conn: &mut Conn, cx: &Context, work: &Work, stored: &Stored) -> Result<Self, Problem> {
        let id = stored.milestone.id;
        let deliveries = milestone::deliveries(conn, id)?.into_iter().map(|delivery| Delivery {
            id: delivery.id.to_string(),
            message: delivery.message,
            links: delivery.links,
            created_at: delivery.created_at.into(),
        });
        let changes = milestone::change_requests(conn, id)?.into_iter().map(|request| ChangeRequest {
            round: request.round,
            delivery_id: request.delivery.to_string(),
            reason: request.reason,
            due_on: request.due_on,
            created_at: request.created_at.into(),
        });
        Ok(Self {
            milestone: Milestone::of(stored, work, &Begun::read(conn, [stored])?, cx),
            deliveries: deliveries.collect(),
            change_requests: changes.collect(),
            payments: Payment::of_milestone(conn, cx, &stored.milestone)?,
        })
    }
}
