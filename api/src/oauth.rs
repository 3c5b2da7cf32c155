//! What OAuth 2 asks of us beyond the rest of the API: its errors, its forms, and the page on which a member decides.

pub mod browser;
pub mod client;
pub mod error;
pub mod form;
pub mod page;
pub mod words;

use actix_web::HttpRequest;

use crate::state::App;

/// Where this installation is reached, which is also what it is called as an issuer (RFC 8414, RFC 9207). Without a setting
/// it is where it listens; never what a request claims.
pub fn issuer(app: &App, request: &HttpRequest) -> String {
    let listening = || format!("http://{}", request.app_config().local_addr());
    app.settings.public_url.clone().unwrap_or_else(listening)
}
