//! Progress notes on a contract.

use domain::{
    event::EventKind,
    ids::{ContractId, MilestoneId},
    policy::Operation,
};
use persistence::{
    contract,
    note::{self, ProgressNote},
    store::{Conn, Tx},
};

use super::{commit::tell, work::Work};
use crate::{
    context::Context,
    page::PageRequest,
    problem::{Code, Problem},
};

/// The worker tells how the work goes.
///
/// # Errors
/// Not the worker's to do, or about a milestone of another contract.
pub fn write(
    tx: &mut Tx<'_>,
    cx: &Context,
    id: ContractId,
    about: Option<MilestoneId>,
    body: String,
) -> Result<ProgressNote, Problem> {
    let work = Work::lock(tx, id)?;
    cx.permit(Operation::WriteProgressNote, work.standing(cx))?;
    cx.check_version(work.contract.version)?;
    if about.is_some_and(|about| work.milestone(about).is_err()) {
        return Err(Problem::new(Code::InvalidBody).at(
            "/milestone_id",
            "no milestone of this contract",
            "この契約のマイルストーンではありません。",
        ));
    }
    let note = ProgressNote {
        id: cx.new_id(),
        contract: id,
        milestone: about,
        author: cx.member()?,
        body,
        created_at: cx.now,
    };
    note::insert(tx, &note)?;
    tell(tx, cx, note.id, work.audience(), EventKind::ProgressNoteWritten)?;
    Ok(note)
}

/// A page of the notes on a contract, one more than it holds.
///
/// # Errors
/// None of the caller's business.
pub fn list(
    conn: &mut Conn,
    cx: &Context,
    id: ContractId,
    request: &PageRequest,
) -> Result<Vec<ProgressNote>, Problem> {
    let contract = contract::find(conn, id)?.ok_or_else(Problem::not_found)?;
    cx.permit(Operation::ReadContract, cx.standing(contract.client, contract.worker))?;
    Ok(note::list(conn, id, request.after, request.fetch())?)
}
