//! What the headers of a call say.

use actix_web::HttpRequest;

use crate::problem::{Code, Problem};

/// How long an `If-None-Match` may be.
pub const MOST_TAGS: usize = 1000;

/// A header that comes once, or not at all.
///
/// # Errors
/// It comes twice, or cannot be read.
pub fn one<'r>(request: &'r HttpRequest, name: &'static str) -> Result<Option<&'r str>, Problem> {
    let bad = || {
        Problem::new(Code::InvalidHeader)
            .detail(format!("The {name} header cannot be read."), format!("{name}ヘッダーを読み取れません。"))
    };
    let mut values = request.headers().get_all(name);
    let first = values.next().map(|value| value.to_str().map_err(|_| bad())).transpose()?;
    if values.next().is_some() { Err(bad()) } else { Ok(first) }
}

/// 1 to 255 visible ASCII characters, as the IETF draft allows.
///
/// # Errors
/// It is something else.
pub fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(key) = one(request, "idempotency-key")? else { return Ok(None) };
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::new(Code::InvalidHeader).detail(
            "An Idempotency-Key is 1 to 255 visible ASCII characters.",
            "Idempotency-Keyは1～255文字の表示可能なASCII文字です。",
        ));
    }
    Ok(Some(key.to_owned()))
}

/// It is compared with the answer, once there is one.
///
/// # Errors
/// It is too long.
pub fn check_if_none_match(request: &HttpRequest) -> Result<(), Problem> {
    if request.headers().get_all("if-none-match").all(|tags| tags.len() <= MOST_TAGS) {
        return Ok(());
    }
    Err(Problem::new(Code::InvalidHeader).detail(
        format!("An If-None-Match has at most {MOST_TAGS} characters."),
        format!("If-None-Matchは{MOST_TAGS}文字までです。"),
    ))
}

/// What a caller has seen of a resource, by its `If-Match` (RFC 9110 section 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// That it is there.
    Something,
    /// One of these versions.
    Versions(Vec<i32>),
}

/// What the caller has seen.
///
/// # Errors
/// It cannot be read, or has no tag that we could have given.
pub fn if_match(request: &HttpRequest) -> Result<Option<Seen>, Problem> {
    let Some(tags) = one(request, "if-match")? else { return Ok(None) };
    if tags.trim() == "*" {
        return Ok(Some(Seen::Something));
    }
    let versions: Vec<i32> = tags.split(',').filter_map(version).collect();
    if versions.is_empty() { Err(Problem::new(Code::PreconditionFailed)) } else { Ok(Some(Seen::Versions(versions))) }
}

/// The version in a tag, which is all of it that counts.
fn version(tag: &str) -> Option<i32> {
    let text = tag.trim().trim_matches('"').split('-').next()?;
    text.parse().ok().filter(|version: &i32| version.to_string() == text)
}
