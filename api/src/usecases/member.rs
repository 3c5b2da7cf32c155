//! Members as the two sides of something that begins.

use domain::{ids::MemberId, member::MemberState};
use persistence::{member, store::Tx};

use crate::problem::{Code, Problem};

/// Makes sure that nobody leaves while something begins that would hold them: whoever creates an obligation locks both
/// sides `FOR SHARE`, and leaving locks `FOR UPDATE` (domain rules, section 4).
///
/// # Errors
/// [`Code::MemberLeft`] when one of them has left already.
pub fn bind(tx: &mut Tx<'_>, members: &[MemberId]) -> Result<(), Problem> {
    let bound = member::lock_shared(tx, members)?;
    let all_here = bound.iter().all(|member| member.state == MemberState::Active);
    if all_here { Ok(()) } else { Err(Problem::new(Code::MemberLeft)) }
}
