//! Payments: what a client is asked for, and the sandbox's card gateway.

use actix_web::{get, post};
use domain::{
    ids::{MemberId, MilestoneKind, PaymentKind},
    milestone::Milestone,
    money, payment,
    policy::Operation,
};
use garde::Validate;
use persistence::{page::Position, payment as rows, store::Conn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    context::Context,
    date_time::DateTime,
    extract::{Filter, PathId},
    money::Money,
    page::PageFilter,
    problem::Problem,
    reply::Reply,
    routes::preview::Preview,
    usecases::{payment as usecase, refund},
    words::{CardToken, PaymentMethod, PaymentState, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(add_payment).service(read_payment).service(pay).service(list_payments);
}

/// Money that a client is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Payment {
    id: String,
    contract_id: String,
    milestone_id: String,
    method: PaymentMethod,
    /// What is asked for.
    amount: Money,
    /// What has come so far.
    received: Money,
    /// What is still missing.
    shortfall: Money,
    /// How much of it can go back now to where it came from: what came less what went back, as far as it is free of your client funds.
    refundable: Money,
    status: PaymentState,
    /// What to write on a bank transfer.
    #[schema(required = true, example = "AZ7JFDWPHT7GG")]
    transfer_reference: Option<String>,
    /// Why it failed.
    #[schema(required = true, example = "card_declined")]
    failure_code: Option<String>,
    /// Until when it is waited for. What comes later goes to your client funds.
    #[schema(required = true)]
    expires_at: Option<DateTime>,
    /// What you may do now.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// With `?preview=true`: what would be posted. Nothing has been.
    #[schema(required = true)]
    preview: Option<Preview>,
}

impl Payment {
    /// As this caller sees it, read with what belongs to it.
    ///
    /// # Errors
    /// Those of the store.
    fn read(conn: &mut Conn, cx: &Context, payment: &payment::Payment) -> Result<Self, Problem> {
        let mut all = Self::of_client(conn, cx, payment.client, std::slice::from_ref(payment))?;
        all.pop().ok_or_else(Problem::not_found)
    }

    /// The same for several of one client.
    fn of_client(
        conn: &mut Conn,
        cx: &Context,
        client: MemberId,
        payments: &[payment::Payment],
    ) -> Result<Vec<Self>, Problem> {
        let refundable = refund::refundable(conn, client, payments)?;
        let chargeable = usecase::chargeable(conn, cx, payments)?;
        let one = |(payment, refundable): (&payment::Payment, _)| {
            Self::of(payment, refundable, chargeable.contains(&payment.id), cx)
        };
        payments.iter().zip(refundable).map(one).collect()
    }

    fn of(
        payment: &payment::Payment,
        refundable: money::Money,
        is_chargeable: bool,
        cx: &Context,
    ) -> Result<Self, Problem> {
        Ok(Self {
            id: payment.id.to_string(),
            contract_id: payment.contract.to_string(),
            milestone_id: payment.milestone.to_string(),
            method: Word(payment.method),
            amount: payment.amount.into(),
            received: payment.received.into(),
            shortfall: payment.shortfall()?.into(),
            refundable: refundable.into(),
            status: Word(payment.state),
            transfer_reference: payment.transfer_reference.clone(),
            failure_code: payment.failure_code.clone(),
            expires_at: payment.expires_at.map(Into::into),
            allowed_actions: is_chargeable.then(|| "pay".to_owned()).into_iter().collect(),
            version: payment.version,
            created_at: payment.created_at.into(),
            updated_at: payment.updated_at.into(),
            preview: Preview::of(cx),
        })
    }

    /// The payments of a milestone, for those who may read each by itself; newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn of_milestone(conn: &mut Conn, cx: &Context, milestone: &Milestone) -> Result<Vec<Self>, Problem> {
        if cx.permit(Operation::ReadPayment, cx.standing(milestone.client, milestone.worker)).is_err() {
            return Ok(Vec::new());
        }
        let payments = rows::of_milestone(conn, milestone.id)?;
        Self::of_client(conn, cx, milestone.client, &payments)
    }
}

fn reply(conn: &mut Conn, cx: &Context, payment: &payment::Payment) -> Result<Reply, Problem> {
    Ok(Reply::ok(&Payment::read(conn, cx, payment)?)?.version(payment.version))
}

/// By what way to pay.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct PaymentPost {
    /// For what is missing.
    #[garde(skip)]
    method: PaymentMethod,
}

/// Pay another way
///
/// Asks for what a milestone is short of in another way: after a payment has failed, or instead of a pending one for which nothing has come.
#[utoipa::path(tag = "money", request_body = PaymentPost, responses((status = 201, description = "A payment", body = Payment)),
    extensions(("x-key" = json!("required"))))]
#[post("/v1/milestones/{id}/payments")]
async fn add_payment(call: Call, id: PathId<MilestoneKind>, body: Body<PaymentPost>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let payment = usecase::ask_again(tx, cx, id.0, value.method.0)?;
        let location = format!("/v1/payments/{}", payment.id);
        Ok(Reply::created(&Payment::read(tx, cx, &payment)?, location)?.version(payment.version))
    })
    .await
}

/// One payment
#[utoipa::path(tag = "money", responses((status = 200, description = "The payment", body = Payment)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/payments/{id}")]
async fn read_payment(call: Call, id: PathId<PaymentKind>) -> Answer {
    call.read(move |conn, cx| {
        let payment = rows::find(conn, id.0)?.ok_or_else(Problem::not_found)?;
        cx.permit(Operation::ReadPayment, cx.standing_to_owner(payment.client))?;
        reply(conn, cx, &payment)
    })
    .await
}

/// A card, in the sandbox, by what it does: `tok_succeeds`; `tok_declined`; `tok_slow` succeeds, but 8 days late; `tok_refund_fails` succeeds, but refunds to it fail.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct CardPost {
    #[schema(inline)]
    #[garde(skip)]
    card_token: CardToken,
}

/// Pay by card (sandbox)
///
/// Plays the card holder and the gateway: the token decides what happens.
#[utoipa::path(tag = "money", request_body = CardPost, responses((status = 200, description = "The payment", body = Payment)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["balance_too_large"]))))]
#[post("/v1/payments/{id}/pay")]
async fn pay(call: Call, id: PathId<PaymentKind>, body: Body<CardPost>) -> Answer {
    let Body { value, canonical } = body;
    let card = value.card_token.0;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let payment = usecase::charge(tx, cx, id.0, card)?;
        reply(tx, cx, &payment)
    })
    .await
}

/// Payments, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct PaymentPage {
    items: Vec<Payment>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

const fn position(payment: &payment::Payment) -> Position {
    Position { at: payment.created_at, id: payment.id.uuid() }
}

/// The caller's payments, newest first
#[utoipa::path(tag = "money", params(PageFilter), responses((status = 200, description = "Payments", body = PaymentPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/me/payments")]
async fn list_payments(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        cx.permit(Operation::ReadOwnMoney, cx.standing_outside())?;
        let me = cx.member()?;
        let secrets = cx.app.tokens.secrets();
        let page = filter.0.page(format!("payments {me}"), secrets)?;
        let found = rows::list(conn, me, page.after, page.fetch())?;
        let (found, next_cursor) = page.cut(found, position, secrets);
        let items = Payment::of_client(conn, cx, me, &found)?;
        Reply::ok(&PaymentPage { items, next_cursor })
    })
    .await
}
