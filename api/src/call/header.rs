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

/// Which version the caller has seen.
///
/// # Errors
/// It cannot be read, or is a tag that we never gave: that matches nothing (RFC 9110 section 13.1.1).
pub fn if_match(request: &HttpRequest) -> Result<Option<i32>, Problem> {
    let Some(tag) = one(request, "if-match")? else { return Ok(None) };
    if tag.trim() == "*" {
        return Ok(None);
    }
    let version = tag.trim().trim_matches('"').split('-').next().and_then(|version| version.parse().ok());
    version.map(Some).ok_or_else(|| Problem::new(Code::PreconditionFailed))
}
