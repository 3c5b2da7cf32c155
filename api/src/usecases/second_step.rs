//! The second step of a log-in.

use domain::{ids::MemberId, member::MemberState};
use persistence::{member, session::devices, store::Tx};

use super::{
    guess::Guess,
    proof::Proof,
    second_factor,
    session::{self, Device, TokenPair},
};
use crate::{
    context::Context,
    problem::{Code, Problem},
};

/// What is sent in the second step.
#[derive(Debug, Clone)]
pub struct SecondStep {
    /// What shows that the password was right.
    pub challenge: String,
    /// The code.
    pub proof: Proof,
    /// With what.
    pub device: Device,
}

/// Opens a session for who has sent the right code; none if it was wrong, which is counted.
///
/// # Errors
/// As [`prove`].
pub fn log_in(tx: &mut Tx<'_>, cx: &Context, step: &SecondStep) -> Result<Option<TokenPair>, Problem> {
    let proved = prove(tx, cx, step)?;
    proved.map(|(id, device)| session::log_in(tx, cx, id, &device)).transpose()
}

/// Who has sent the right code, and with what; none if it was wrong, which is counted.
///
/// # Errors
/// [`Code::InvalidToken`] when the challenge is not ours or too old.
pub fn prove(tx: &mut Tx<'_>, cx: &Context, step: &SecondStep) -> Result<Option<(MemberId, Device)>, Problem> {
    let invalid = || Problem::new(Code::InvalidToken);
    let id = second_factor::challenged(tx, cx, &step.challenge)?.ok_or_else(invalid)?;
    member::lock(tx, id)?.filter(|one| one.state == MemberState::Active).ok_or_else(invalid)?;
    // Under the lock: the password may be another one meanwhile, or a code used.
    second_factor::challenged(tx, cx, &step.challenge)?.ok_or_else(invalid)?;
    let device = step.device.clone().if_known(devices::is_known(tx, id, &step.device.hash())?);
    let guess = Guess::at_code(&cx.app, id, device.token.as_deref());
    guess.check(tx)?;
    let right = match &step.proof {
        Proof::Password { .. } => false,
        Proof::Code(code) => second_factor::use_code(tx, cx, id, code)?,
        Proof::Recovery(code) => second_factor::use_recovery_code(tx, cx, id, code)?,
    };
    if !right {
        guess.failed(tx)?;
        return Ok(None);
    }
    guess.succeeded(tx)?;
    Ok(Some((id, device)))
}
