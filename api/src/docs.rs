//! The documentation in the browser: Swagger UI shipped inside the program, and the page of error codes.

use std::fmt::Write;

use actix_web::{HttpResponse, get, web};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{locale::Locale, problem::Code};

/// `/docs/` and `/docs/errors`.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(errors).service(moved);
    config.service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json").validator_url("none")));
}

#[get("/docs")]
async fn moved() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("Location", "/docs/")).finish()
}

#[get("/docs/errors")]
async fn errors() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ))
        .content_type("text/html; charset=utf-8")
        .body(errors_page())
}

fn errors_page() -> String {
    let rows = Code::ALL.iter().fold(String::new(), |mut rows, code| {
        let (title, meaning, name) = (code.title(), code.meaning(), code.as_str());
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<tr id=\"{name}\"><td><code>{name}</code></td><td>{}</td><td>{}<br>{}</td><td lang=\"ja\">{}<br>{}</td></tr>",
            code.status(),
            title.in_locale(Locale::En),
            meaning.in_locale(Locale::En),
            title.in_locale(Locale::Ja),
            meaning.in_locale(Locale::Ja),
        );
        rows
    });
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Azukari error codes</title>\
         <style>body{{font:16px/1.5 sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}}td{{vertical-align:top;padding:.4rem;border-top:1px solid #ccc}}:target{{background:#ffc}}</style>\
         <h1>Error codes</h1><p>Every refusal is <code>application/problem+json</code> with one of these codes.</p><table>{rows}</table></html>"
    )
}
