//! Leaving (退会): what stands in the way, and going.

use actix_web::{get, post};
use domain::withdrawal::Readiness as Facts;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    blocker::{Blocker, Loss},
    body::Body,
    call::{Answer, Call, Key},
    date_time::DateTime,
    email,
    locale::Locale,
    reply::Reply,
    usecases::{
        access,
        withdrawal::{self as usecase, Farewell},
    },
    words::{LeavingReason, MemberState, Warning, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(readiness).service(leave_for_good).service(readmit);
}

/// Whether the caller can leave, and all that matters for it.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    /// Whether leaving would succeed now: no blocker is hard.
    can_withdraw: bool,
    /// Everything that stands in the way, oldest first.
    blockers: Vec<Blocker>,
    /// Everything that is lost, to be acknowledged by name.
    warnings: Vec<Loss>,
}

impl Readiness {
    fn of(facts: &Facts, locale: Locale) -> Self {
        Self {
            can_withdraw: facts.is_ready(),
            blockers: facts.blockers.iter().map(|fact| Blocker::of(fact, locale)).collect(),
            warnings: facts.warnings.iter().map(|warning| Loss::of(*warning, locale)).collect(),
        }
    }
}

/// What stands in the way of leaving
///
/// Every blocker at once: where to look, who must act, and what clears it. Blockers that are not hard are cleared by leaving itself.
#[utoipa::path(tag = "leaving", responses((status = 200, description = "The readiness", body = Readiness)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/me/withdrawal")]
async fn readiness(call: Call) -> Answer {
    let locale = Locale::of(call.request().headers());
    call.read(move |conn, cx| Reply::ok(&Readiness::of(&usecase::readiness(conn, cx)?, locale))).await
}

/// Leaving for good.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Leave {
    /// Must be true: everything about you except the books is deleted, and cannot be brought back.
    #[schema(example = true)]
    #[garde(custom(agreed))]
    consent: bool,
    /// Why; an installation may leave it optional.
    #[garde(skip)]
    reason: Option<LeavingReason>,
    /// More about it, in your own words.
    #[schema(max_length = 2000)]
    #[garde(length(chars, max = 2000))]
    comment: Option<String>,
    /// The warnings of the readiness, by name.
    #[schema(max_items = 20)]
    #[garde(length(max = 20))]
    #[serde(default)]
    acknowledged_warnings: Vec<Warning>,
}

fn agreed(consent: &bool, (): &()) -> garde::Result {
    if *consent { Ok(()) } else { Err(garde::Error::new("must be true")) }
}

/// What became of the account.
#[derive(Debug, Serialize, ToSchema)]
struct Left {
    /// `closed`; or `closing` while the last payout or refund is on its way.
    status: MemberState,
    left_at: DateTime,
}

/// Leave for good
///
/// Looks at everything again, and closes the account: sessions end at once, so that this token works no more. Earnings are paid out and client funds refunded, free of charge; until they have arrived the account is `closing`, and then closes by itself. Needs a proof of the last ten minutes: a log-in, or `/v1/sessions/step-up`.
#[utoipa::path(tag = "leaving", request_body = Leave, responses((status = 200, description = "You have left", body = Left)),
    extensions(("x-key" = json!("required")), ("x-errors" = json!(["recent_login_required", "withdrawal_blocked", "warnings_not_acknowledged", "not_permitted", "precondition_failed"]))))]
#[post("/v1/me/withdrawal")]
async fn leave_for_good(call: Call, body: Body<Leave>) -> Answer {
    let Body { value, canonical } = body;
    let farewell = Farewell {
        reason: value.reason.map(|word| word.0),
        comment: value.comment,
        acknowledged: value.acknowledged_warnings.iter().map(|word| word.0).collect(),
    };
    call.act(Key::Required, &canonical, move |tx, cx| {
        let member = usecase::leave(tx, cx, &farewell)?;
        Reply::ok(&Left { status: Word(member.state), left_at: cx.now.into() })
    })
    .await
}

/// An address that may come back.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Readmission {
    #[schema(format = Email, max_length = 254)]
    #[garde(email, length(max = email::MOST))]
    email: String,
}

/// Let the address of somebody who left join again
///
/// Only a keyed hash of the address is kept, so that it cannot be listed.
#[utoipa::path(tag = "staff", request_body = Readmission, responses((status = 204, description = "The address may join again")),
    extensions(("x-errors" = json!(["not_permitted", "not_found"]))))]
#[post("/v1/admin/readmissions")]
async fn readmit(call: Call, body: Body<Readmission>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        access::readmit(tx, cx, &value.email)?;
        Ok(Reply::empty())
    })
    .await
}
