//! What must hold of everything that was to be told to somebody: events, and mail.

use super::{Engine, database::texts};

/// Numbers that no event has. Whatever has none yet is given one later.
const GAPS: &str =
    "SELECT 'events are numbered from ' || CAST(min(number) AS text) || ' to ' || CAST(max(number) AS text)
        || ', but there are ' || CAST(count(number) AS text) || ' numbers' AS text
    FROM events HAVING min(number) <> 1 OR max(number) <> count(number)";

/// A mail was sent, or is due, or was given up for a reason.
const UNEXPLAINED: &str = "SELECT 'the mail \"' || subject || '\" of ' || CAST(attempts AS text)
        || ' attempts is neither sent, nor due, nor given up' AS text
    FROM mails WHERE NOT (
        (sent_at IS NOT NULL AND next_attempt_at IS NULL AND last_error IS NULL)
        OR (sent_at IS NULL AND next_attempt_at IS NOT NULL)
        OR (sent_at IS NULL AND next_attempt_at IS NULL AND last_error IS NOT NULL AND attempts > 0))";

/// Whatever must not be, in words.
pub fn findings(engine: Engine, url: &str) -> Vec<String> {
    [GAPS, UNEXPLAINED].iter().flat_map(|query| texts(engine, url, query).unwrap()).collect()
}
