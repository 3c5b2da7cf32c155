//! Members as the two sides of something that begins, and as those we write to.

use domain::{ids::MemberId, member::Member};
use persistence::{
    mail::{self, Mail},
    member,
    store::Tx,
};

use crate::{locale::Locale, problem::Problem};

/// Makes sure that nobody leaves while something begins that would hold them: whoever creates an obligation locks both
/// sides `FOR SHARE`, and leaving locks `FOR UPDATE` (domain rules, section 4).
///
/// # Errors
/// [`Code::MemberLeft`](crate::problem::Code::MemberLeft) when one of them has left already.
pub fn bind(tx: &mut Tx<'_>, members: &[MemberId]) -> Result<(), Problem> {
    let bound = member::lock_shared(tx, members)?;
    Ok(bound.iter().try_for_each(Member::check_here)?)
}

/// Writes to a member, wherever they are reached, in their language.
///
/// # Errors
/// Only those of the store.
pub fn write(tx: &mut Tx<'_>, to: MemberId, compose: impl FnOnce(&str, Locale) -> Mail) -> Result<(), Problem> {
    if let Some((email, locale)) = member::address(tx, to)? {
        mail::queue(tx, &compose(&email, Locale::stored(&locale)))?;
    }
    Ok(())
}
