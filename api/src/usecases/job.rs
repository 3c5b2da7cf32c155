//! Posting jobs and taking them back.

use domain::{
    decision::Decision,
    ids::JobId,
    job::{Job, JobAction, NewJob},
    machine::State,
    policy::Operation,
};
use persistence::{
    error::StoreError,
    job::{self, Listing},
    store::{Conn, Tx},
    timer::{self, Timer},
};

use super::{
    commit::{Audience, announce},
    member, proposal,
};
use crate::{context::Context, problem::Problem};

/// Whether a new job is shown to others at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Its client alone sees it, until it is published.
    Draft,
    /// It takes proposals.
    Open,
}

/// Writes a job.
///
/// # Errors
/// The budget makes no sense, or the caller is staff.
pub fn post(tx: &mut Tx<'_>, cx: &Context, new: NewJob, start: Start) -> Result<Listing, Problem> {
    cx.permit(Operation::PostJob, cx.standing_outside())?;
    let client = cx.member()?;
    member::bind(tx, &[client])?;
    let drafted = Job::new(cx.new_id(), client, new, cx.now)?;
    announce(tx, cx, drafted.next.id, Audience::only(drafted.next.client), &drafted)?;
    job::insert(tx, &drafted.next)?;
    let job = match start {
        Start::Draft => drafted.next,
        Start::Open => commit(tx, cx, &drafted.next.publish(cx.now, &cx.app.rules)?)?,
    };
    Ok(Listing { job, applicants: 0 })
}

/// A job as far as the caller may read it.
///
/// # Errors
/// [`Code::NotFound`](crate::problem::Code::NotFound) when there is none, or it is somebody else's draft.
pub fn read(conn: &mut Conn, cx: &Context, id: JobId) -> Result<Listing, Problem> {
    let found = job::find(conn, id)?;
    let visible = found.filter(|listing| listing.job.is_visible_to(cx.standing_to_owner(listing.job.client)));
    visible.ok_or_else(Problem::not_found)
}

/// Opens a draft for proposals.
///
/// # Errors
/// Not the caller's, or not a draft any more.
pub fn publish(tx: &mut Tx<'_>, cx: &Context, id: JobId) -> Result<Listing, Problem> {
    member::bind(tx, &[cx.member()?])?;
    let listing = lock_for(tx, cx, id, JobAction::Publish)?;
    let job = commit(tx, cx, &listing.job.publish(cx.now, &cx.app.rules)?)?;
    Ok(Listing { job, ..listing })
}

/// Takes a job back; whoever waits for an answer to a proposal gets it: no.
///
/// # Errors
/// Not the caller's, or closed already.
pub fn cancel(tx: &mut Tx<'_>, cx: &Context, id: JobId) -> Result<Listing, Problem> {
    let listing = lock_for(tx, cx, id, JobAction::Cancel)?;
    let job = commit(tx, cx, &listing.job.cancel(cx.now)?)?;
    proposal::decline_all(tx, cx, id)?;
    Ok(Listing { job, ..listing })
}

/// Discards a draft whose client leaves.
///
/// # Errors
/// Not a draft any more.
pub fn discard(tx: &mut Tx<'_>, cx: &Context, id: JobId) -> Result<(), Problem> {
    let draft = lock_known(tx, id)?.job;
    commit(tx, cx, &draft.cancel(cx.now)?).map(drop)
}

/// It was open long enough; whoever waits for an answer to a proposal gets it: no.
///
/// # Errors
/// Those of the store; a refusal of the domain's, which would be our mistake.
pub fn expire(tx: &mut Tx<'_>, cx: &Context, timer: &Timer) -> Result<(), Problem> {
    let listing = lock_known(tx, JobId::from_uuid(timer.subject))?;
    if !timer::take(tx, timer)? {
        return Ok(());
    }
    let job = commit(tx, cx, &listing.job.expire(cx.now)?)?;
    proposal::decline_all(tx, cx, job.id)
}

/// Reads a job under lock for a step that the caller wants to take.
fn lock_for(tx: &mut Tx<'_>, cx: &Context, id: JobId, action: JobAction) -> Result<Listing, Problem> {
    let listing = job::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    let (job, standing) = (&listing.job, cx.standing_to_owner(listing.job.client));
    cx.admit(Operation::Job(action), standing, job.version, &job.state.allowed(standing))?;
    Ok(listing)
}

/// Reads under lock what must be there.
pub(super) fn lock_known(tx: &mut Tx<'_>, id: JobId) -> Result<Listing, Problem> {
    let missing = || StoreError::Missing { table: "jobs", id: id.to_string() };
    Ok(job::lock(tx, id)?.ok_or_else(missing)?)
}

/// Saves a step and tells the client.
pub(super) fn commit(tx: &mut Tx<'_>, cx: &Context, decision: &Decision<Job>) -> Result<Job, Problem> {
    announce(tx, cx, decision.next.id, Audience::only(decision.next.client), decision)?;
    Ok(job::save(tx, &decision.next)?)
}
