//! Who of the operator's people may do what.

use actix_web::put;
use domain::ids::MemberKind as Kind;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    extract::PathId,
    reply::Reply,
    usecases::role as usecase,
    words::{MemberState, Role, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(change_role);
}

/// What somebody may do from now on, and why.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct RoleChange {
    /// `member` takes every role away.
    #[schema(example = "moderator")]
    #[garde(skip)]
    role: Role,
    /// For the audit log; the person concerned reads it there.
    #[schema(min_length = 1, max_length = 500, example = "Joins the team that looks after job posts")]
    #[garde(length(chars, min = 1, max = 500))]
    reason: String,
}

/// What an account may be.
#[derive(Debug, Serialize, ToSchema)]
struct Holder {
    member_id: String,
    role: Role,
    status: MemberState,
    version: i32,
}

/// Give an account another role
///
/// It holds from the next request on, without logging in anew. Never the own one. An account with business of its own as a member cannot become staff. Needs a proof of the last ten minutes: a log-in, or `/v1/sessions/step-up`.
#[utoipa::path(tag = "staff", request_body = RoleChange, responses((status = 200, description = "The account", body = Holder)),
    extensions(("x-errors" = json!(["not_permitted", "action_refused", "recent_login_required", "precondition_failed", "lost_race"]))))]
#[put("/v1/admin/members/{id}/role")]
async fn change_role(call: Call, id: PathId<Kind>, body: Body<RoleChange>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let member = usecase::change(tx, cx, id.0, value.role.0)?;
        let holder = Holder {
            member_id: member.id.to_string(),
            role: Word(member.role),
            status: Word(member.state),
            version: member.version,
        };
        Ok(Reply::ok(&holder)?.version(member.version))
    })
    .await
}
