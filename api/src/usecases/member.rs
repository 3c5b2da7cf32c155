//! Members as the two sides of something that begins.

use domain::{ids::MemberId, member::Member};
use persistence::{member, store::Tx};

use crate::problem::Problem;

/// Makes sure that nobody leaves while something begins that would hold them: whoever creates an obligation locks both
/// sides `FOR SHARE`, and leaving locks `FOR UPDATE` (domain rules, section 4).
///
/// # Errors
/// [`Code::MemberLeft`](crate::problem::Code::MemberLeft) when one of them has left already.
pub fn bind(tx: &mut Tx<'_>, members: &[MemberId]) -> Result<(), Problem> {
    let bound = member::lock_shared(tx, members)?;
    Ok(bound.iter().try_for_each(Member::check_here)?)
}
