//! Headers that every answer has, whatever it is.

use actix_web::{
    body::BoxBody,
    dev::ServiceResponse,
    http::{
        Method,
        header::{HeaderName, HeaderValue},
    },
    web,
};

use crate::state::App;

/// What answers depend on, beside their address.
const VARY: &str = "Authorization, Accept-Language";

/// Nothing may be fetched, framed or run on account of an answer.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// Swagger UI runs the scripts that came with it, and asks nobody but us. Its styles stand in the elements.
const DOCUMENTATION: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// What browsers must not do with an answer (OWASP HTTP headers), and what caches must not keep.
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Sets a header, if it can be sent.
pub(super) fn set(response: &mut ServiceResponse<BoxBody>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

/// Adds what is the same for all; what an answer says by itself about its scripts and its keeping stands.
pub(super) fn complete(response: &mut ServiceResponse<BoxBody>, method: &Method) {
    let varies = response.headers().get("vary").and_then(|value| value.to_str().ok());
    let varies = varies.map_or_else(|| VARY.to_owned(), |more| format!("{VARY}, {more}"));
    set(response, "vary", &varies);
    for (name, value) in ALWAYS {
        set(response, name, value);
    }
    if !response.headers().contains_key("content-security-policy") {
        let documentation = response.request().path().starts_with("/docs");
        set(response, "content-security-policy", if documentation { DOCUMENTATION } else { NOTHING });
    }
    if !response.headers().contains_key("cache-control") {
        // What changes something may be answered with tokens (RFC 6749 section 5.1).
        set(response, "cache-control", if method.is_safe() { "private, no-cache" } else { "no-store" });
    }
    let app = response.request().app_data::<web::Data<App>>();
    if app.is_some_and(|app| app.settings.public_url().starts_with("https://")) {
        set(response, "strict-transport-security", "max-age=31536000");
    }
}
