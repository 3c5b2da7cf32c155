//! Proposals: answering a job, and negotiating in rounds.

mod list;
mod resource;

use actix_web::{get, post};
use domain::{
    ids::{JobKind, ProposalKind},
    proposal::Round,
    rules::Rules,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use self::resource::{Proposal, reply};
use super::{Routes, terms::TermsOffer};
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    extract::PathId,
    problem::Problem,
    reply::Reply,
    usecases::proposal as usecase,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(submit_proposal).service(list::list_job_proposals).service(list::list_my_proposals);
    config.service(read_proposal).service(counter_proposal).service(decline_proposal).service(retract_proposal);
}

/// What you would do, for how much, and by when.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Offer {
    #[garde(dive)]
    terms: TermsOffer,
    /// What you say with it; the other side and staff read it.
    #[schema(min_length = 1, max_length = 5000)]
    #[garde(length(chars, min = 1, max = 5000))]
    message: String,
}

impl Offer {
    fn read(self, rules: &Rules) -> Result<Round, Problem> {
        Ok(Round { terms: self.terms.read(rules)?, message: self.message })
    }
}

/// Propose to a job
///
/// One running proposal per member and job. The client has 14 days to answer.
#[utoipa::path(tag = "market", request_body = Offer, responses((status = 201, description = "The proposal", body = Proposal)),
    extensions(("x-errors" = json!(["own_job", "already_proposed", "terms_refused", "member_left"]))))]
#[post("/v1/jobs/{id}/proposals")]
async fn submit_proposal(call: Call, id: PathId<JobKind>, body: Body<Offer>) -> Answer {
    let Body { value, canonical } = body;
    let round = value.read(&call.app().rules)?;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let proposal = usecase::submit(tx, cx, id.0, round.clone())?;
        let location = format!("/v1/proposals/{}", proposal.id);
        Ok(Reply::created(&Proposal::read(tx, cx, &proposal)?, location)?.version(proposal.version))
    })
    .await
}

/// Read a proposal with all its rounds
///
/// For its two sides, and staff.
#[utoipa::path(tag = "market", responses((status = 200, description = "The proposal", body = Proposal)))]
#[get("/v1/proposals/{id}")]
async fn read_proposal(call: Call, id: PathId<ProposalKind>) -> Answer {
    call.read(move |conn, cx| {
        let proposal = usecase::read(conn, cx, id.0)?;
        reply(conn, cx, &proposal)
    })
    .await
}

/// Other terms, in answer to a round.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct CounterOffer {
    /// The round that this answers, which must be the current one.
    #[schema(minimum = 1)]
    #[garde(range(min = 1))]
    round: i32,
    #[garde(dive)]
    terms: TermsOffer,
    /// What you say with it; the other side and staff read it.
    #[schema(min_length = 1, max_length = 5000)]
    #[garde(length(chars, min = 1, max = 5000))]
    message: String,
}

/// Answer with other terms
///
/// The next round, which the other side has 14 days to answer. Only the side whose turn it is.
#[utoipa::path(tag = "market", request_body = CounterOffer, responses((status = 200, description = "The proposal", body = Proposal)),
    extensions(("x-errors" = json!(["stale_terms", "terms_refused"]))))]
#[post("/v1/proposals/{id}/counter")]
async fn counter_proposal(call: Call, id: PathId<ProposalKind>, body: Body<CounterOffer>) -> Answer {
    let Body { value: CounterOffer { round: answered, terms, message }, canonical } = body;
    let round = Round { terms: terms.read(&call.app().rules)?, message };
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let proposal = usecase::counter(tx, cx, id.0, answered, round.clone())?;
        reply(tx, cx, &proposal)
    })
    .await
}

/// Which round is meant.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct RoundAnswer {
    /// The round that this answers, which must be the current one.
    #[schema(minimum = 1)]
    #[garde(range(min = 1))]
    round: i32,
}

/// Decline a proposal
///
/// For the client. It names the current round, so that no better offer is declined unseen.
#[utoipa::path(tag = "market", request_body = RoundAnswer, responses((status = 200, description = "The proposal", body = Proposal)),
    extensions(("x-errors" = json!(["stale_terms"]))))]
#[post("/v1/proposals/{id}/decline")]
async fn decline_proposal(call: Call, id: PathId<ProposalKind>, body: Body<RoundAnswer>) -> Answer {
    let Body { value, canonical } = body;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let proposal = usecase::decline(tx, cx, id.0, value.round)?;
        reply(tx, cx, &proposal)
    })
    .await
}

/// Take a proposal back
///
/// For the worker, in any round, until it is accepted.
#[utoipa::path(tag = "market", responses((status = 200, description = "The proposal", body = Proposal)))]
#[post("/v1/proposals/{id}/retract")]
async fn retract_proposal(call: Call, id: PathId<ProposalKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| {
        let proposal = usecase::retract(tx, cx, id.0)?;
        reply(tx, cx, &proposal)
    })
    .await
}
