//! Payouts: asking for one, reading them, taking one back; and what staff do with them.

mod list;
mod resource;
mod staff;

use actix_web::{get, post};
use domain::ids::PayoutKind as Kind;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use self::resource::{Payout, PayoutDetail, reply};
pub(super) use self::{list::PayoutPage, staff::SettlementPost};
use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    extract::PathId,
    money::{Money, positive},
    problem::{Code, Problem},
    reply::Reply,
    usecases::payout::{self as usecase, Wish},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(request_payout).service(list::list_my_payouts).service(read_payout).service(cancel_payout);
    config
        .service(list::list_payouts)
        .service(staff::hold_payout)
        .service(staff::resume_payout)
        .service(staff::cancel_payout_by_staff);
    config.service(staff::enter_payment).service(staff::enter_failure).service(staff::enter_return);
}

/// Which payout you want.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    /// An amount at once, for a fee.
    Quick,
    /// All there is on the next payday, where earnings are not paid out by themselves.
    Scheduled,
}

/// What you want, and where to.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "quick", "amount": {"amount": 9_470, "currency": "JPY"}, "bank_account_version": 1}))]
struct PayoutPost {
    #[schema(inline)]
    #[garde(skip)]
    kind: Wanted,
    /// Of a quick payout: what is to reach the bank. `/v1/payout-quotes` tells what it costs.
    #[garde(dive)]
    amount: Option<Money>,
    /// The version of your bank account that you have looked at.
    #[schema(minimum = 1)]
    #[garde(range(min = 1))]
    bank_account_version: i32,
}

impl PayoutPost {
    fn wish(&self) -> Result<Wish, Problem> {
        match (self.kind, self.amount) {
            (Wanted::Quick, Some(amount)) => Ok(Wish::Quick(positive(amount, "/amount/amount")?)),
            (Wanted::Scheduled, None) => Ok(Wish::Scheduled),
            (Wanted::Quick, None) => Err(Problem::new(Code::InvalidBody).at(
                "/amount",
                "a quick payout needs an amount",
                "クイック出金には金額が必要です。",
            )),
            (Wanted::Scheduled, Some(_)) => Err(Problem::new(Code::InvalidBody).at(
                "/amount",
                "a scheduled payout is of all there is; leave the amount out",
                "定期出金は全額が対象です。金額は指定できません。",
            )),
        }
    }
}

/// Ask for a payout
///
/// A quick payout leaves your earnings at once, together with its fee, and may go to the bank from today on, or from the next business day if the banks are closed. With `?preview=true` it shows fee and journal entry to the yen, and changes nothing.
#[utoipa::path(tag = "money", request_body = PayoutPost, responses((status = 201, description = "The payout, requested", body = PayoutDetail)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!([
        "not_permitted", "action_refused", "insufficient_funds", "payout_too_small", "bank_account_missing", "bank_account_failing",
        "bank_account_changed",
    ]))))]
#[post("/v1/payouts")]
async fn request_payout(call: Call, body: Body<PayoutPost>) -> Answer {
    let Body { value, canonical } = body;
    let wish = value.wish()?;
    call.act(Key::Required, &canonical, move |tx, cx| {
        let payout = usecase::request(tx, cx, wish, value.bank_account_version)?;
        let location = format!("/v1/payouts/{}", payout.id);
        Ok(Reply::created(&PayoutDetail::of(tx, cx, &payout)?, location)?.version(payout.version))
    })
    .await
}

/// One payout, with what it pays
#[utoipa::path(tag = "money", responses((status = 200, description = "The payout", body = PayoutDetail)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/payouts/{id}")]
async fn read_payout(call: Call, id: PathId<Kind>) -> Answer {
    call.read(move |conn, cx| {
        let payout = usecase::read(conn, cx, id.0)?;
        Ok(Reply::ok(&PayoutDetail::of(conn, cx, &payout)?)?.version(payout.version))
    })
    .await
}

/// Take back a payout that you asked for
///
/// While it is not in a batch for the bank. The money, and the fee of a quick payout, are earnings again.
#[utoipa::path(tag = "money", responses((status = 200, description = "The payout, canceled", body = Payout)), extensions(("x-key" = json!("required"))))]
#[post("/v1/payouts/{id}/cancel")]
async fn cancel_payout(call: Call, id: PathId<Kind>) -> Answer {
    call.act(Key::Required, "", move |tx, cx| reply(&usecase::cancel(tx, cx, id.0)?, cx)).await
}
