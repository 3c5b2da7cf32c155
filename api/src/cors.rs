//! Which web apps of other origins may call: none, but for those that are set (Fetch standard, section 3.2).

use actix_cors::Cors;
use actix_web::middleware::Condition;

/// How long a browser may go by the answer to a preflight, in seconds.
const REMEMBERED: usize = 3600;

/// What scripts may send.
const ALLOWED: [&str; 8] = [
    "accept-language",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "traceparent",
    "x-request-id",
];

/// What scripts may read of an answer, beyond what every script may.
const EXPOSED: [&str; 10] = [
    "allow",
    "etag",
    "idempotency-replayed",
    "link",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
    "x-request-id",
];

/// Says nothing at all unless there are origins. No credentials: tokens are sent by those who hold them, never by the
/// browser itself.
pub fn cors(origins: &[String]) -> Condition<Cors> {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers(ALLOWED)
        .expose_headers(EXPOSED)
        .max_age(REMEMBERED);
    let cors = origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin));
    Condition::new(!origins.is_empty(), cors)
}
