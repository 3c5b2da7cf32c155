//! The pages on which a member logs in and decides. Plain HTML in two languages, without scripts.

use std::fmt::Write;

use actix_web::{HttpResponse, http::StatusCode};
use domain::scope::Scopes;

use super::{browser::Browser, words};
use crate::{
    html::escaped,
    locale::{Locale, Text},
    problem::Rendered,
};

/// The same sentence in both languages.
const fn pick(locale: Locale, en: &'static str, ja: &'static str) -> &'static str {
    match locale {
        Locale::En => en,
        Locale::Ja => ja,
    }
}

/// What every form of a page is made with.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The language.
    pub locale: Locale,
    /// Whose browser it is.
    pub browser: Browser,
    /// The request that is decided on, as it came.
    pub query: String,
    /// The token against forged requests.
    pub token: String,
    /// Where the browser is sent in the end, which its policy for forms must allow.
    pub back_to: String,
}

/// Who asks for what.
#[derive(Debug, Clone)]
pub struct Question {
    /// What the app is called.
    pub app: String,
    /// Who registered it.
    pub owner: String,
    /// Where the member is sent back to.
    pub host: String,
    /// What it wants.
    pub scopes: Scopes,
}

const STYLE: &str = "body{font:16px/1.6 sans-serif;margin:2rem auto;max-width:32rem;padding:0 1rem;color:#222;background:#fff}\
label{display:block;margin:.8rem 0}input{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}\
button{font:inherit;padding:.5rem 1.2rem;margin:.5rem .5rem .5rem 0}.error{border-left:4px solid #b00;padding-left:.8rem}";

/// Only this origin, and the app's own, may be the target of a form; nothing may frame the page.
fn policy(back_to: &str) -> String {
    let (scheme, host) = origin(back_to);
    let origin = match scheme {
        // A policy cannot name an IPv6 address (CSP level 3, section 2.3.1), which only an app on this machine has.
        Some(scheme) if host.starts_with('[') => format!(" {scheme}:"),
        Some(scheme) => format!(" {scheme}://{host}"),
        None => String::new(),
    };
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'{origin}; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// The scheme of a redirect URI that was checked, and its host with the port; no scheme where there is no URI.
pub fn origin(uri: &str) -> (Option<&str>, &str) {
    let (scheme, rest) = uri.split_once("://").map_or((None, uri), |(scheme, rest)| (Some(scheme), rest));
    (scheme, rest.split(['/', '?']).next().unwrap_or_default())
}

fn html(locale: Locale, status: u16, title: &str, body: &str, back_to: &str) -> HttpResponse {
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} - Azukari</title><style>{STYLE}</style></head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n",
        locale.as_str()
    );
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", policy(back_to)))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Content-Language", locale.as_str()))
        .body(text.clone());
    if status.is_client_error() || status.is_server_error() {
        response.extensions_mut().insert(Rendered::Ready(text));
    }
    response
}

/// Says that nothing can be decided, and why. The browser is sent nowhere.
pub fn refused(locale: Locale, status: u16, why: &Text) -> HttpResponse {
    let title = pick(locale, "This request cannot be answered", "このリクエストには応じられません");
    html(locale, status, title, &format!("<p>{}</p>\n", escaped(why.in_locale(locale))), "")
}

impl Frame {
    fn page(&self, status: u16, title: &str, body: &str) -> HttpResponse {
        let mut response = html(self.locale, status, title, body, &self.back_to);
        if self.browser.is_new {
            self.browser.set(&mut response);
        }
        response
    }

    fn form(&self, inner: &str) -> String {
        format!(
            "<form method=\"post\" action=\"/oauth/authorize?{}\">\n<input type=\"hidden\" name=\"csrf_token\" value=\"{}\">\n{inner}</form>\n",
            escaped(&self.query),
            escaped(&self.token)
        )
    }

    fn button(&self, decision: &str, en: &'static str, ja: &'static str) -> String {
        let label = pick(self.locale, en, ja);
        format!("<button type=\"submit\" name=\"decision\" value=\"{decision}\">{label}</button>\n")
    }

    fn cancel(&self) -> String {
        self.form(&self.button("deny", "Cancel", "キャンセル"))
    }

    fn complaint(why: Option<&str>) -> String {
        why.map(|why| format!("<p class=\"error\" role=\"alert\">{}</p>\n", escaped(why))).unwrap_or_default()
    }

    /// Asks for address and password.
    pub fn log_in(&self, question: &Question, status: u16, why: Option<&str>) -> HttpResponse {
        let locale = self.locale;
        let intro = match locale {
            Locale::En => format!("Log in to Azukari to decide about <b>{}</b>.", escaped(&question.app)),
            Locale::Ja => format!("Azukariにログインして、<b>{}</b>の連携を確認してください。", escaped(&question.app)),
        };
        let fields = format!(
            "<label>{}<input type=\"email\" name=\"email\" autocomplete=\"username\" required maxlength=\"254\"></label>\n\
             <label>{}<input type=\"password\" name=\"password\" autocomplete=\"current-password\" required maxlength=\"128\"></label>\n\
             <button type=\"submit\">{}</button>\n",
            pick(locale, "E-mail address", "メールアドレス"),
            pick(locale, "Password", "パスワード"),
            pick(locale, "Log in", "ログイン")
        );
        let body = format!("<p>{intro}</p>\n{}{}{}", Self::complaint(why), self.form(&fields), self.cancel());
        self.page(status, pick(locale, "Log in", "ログイン"), &body)
    }

    /// Asks for the second factor.
    pub fn second_factor(&self, challenge: &str, status: u16, why: Option<&str>) -> HttpResponse {
        let locale = self.locale;
        let fields = format!(
            "<input type=\"hidden\" name=\"challenge_token\" value=\"{}\">\n\
             <label>{}<input type=\"text\" name=\"code\" autocomplete=\"one-time-code\" required maxlength=\"40\"></label>\n\
             <button type=\"submit\">{}</button>\n",
            escaped(challenge),
            pick(locale, "Code of your app, or a recovery code", "認証アプリのコード、またはリカバリーコード"),
            pick(locale, "Continue", "続ける")
        );
        let body = format!("{}{}{}", Self::complaint(why), self.form(&fields), self.cancel());
        self.page(status, pick(locale, "Second factor", "二段階認証"), &body)
    }

    /// Asks the member to decide.
    pub fn consent(&self, question: &Question, member: &str) -> HttpResponse {
        let locale = self.locale;
        let (app, owner, host) = (escaped(&question.app), escaped(&question.owner), escaped(&question.host));
        let scopes = question.scopes.iter().fold(String::new(), |mut list, scope| {
            // Writing to a String cannot fail.
            let _ = writeln!(list, "<li>{}</li>", escaped(words::meaning(scope).in_locale(locale)));
            list
        });
        let (wants, who, never, as_whom) = match locale {
            Locale::En => (
                format!("<b>{app}</b> wants to act for you. It could:"),
                format!("It was registered by {owner}, who is not Azukari. You will be sent to <b>{host}</b>."),
                "It can never accept work, sign or end contracts, change your bank account, address or password, or close your account. You can cut it at any time; after 90 days it must ask again.",
                format!("You are logged in as {}.", escaped(member)),
            ),
            Locale::Ja => (
                format!("<b>{app}</b>があなたに代わって次のことを行う許可を求めています。"),
                format!(
                    "このアプリは{owner}が登録したもので、Azukariのものではありません。許可すると<b>{host}</b>に移動します。"
                ),
                "検収、契約の締結や終了、口座・メールアドレス・パスワードの変更、退会は、アプリには決してできません。連携はいつでも解除できます。90日後には改めて許可が必要になります。",
                format!("{}としてログインしています。", escaped(member)),
            ),
        };
        let buttons = [self.button("allow", "Allow", "許可する"), self.button("deny", "Deny", "許可しない")].concat();
        let other = self.form(&self.button("switch", "Use another account", "別のアカウントを使う"));
        let body = format!(
            "<p>{wants}</p>\n<ul>\n{scopes}</ul>\n<p>{who}</p>\n<p>{never}</p>\n<p>{as_whom}</p>\n{}{other}",
            self.form(&buttons)
        );
        self.page(200, pick(locale, "Allow this app?", "アプリの連携を許可しますか？"), &body)
    }
}
