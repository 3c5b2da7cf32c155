//! What the page shows, step by step: log in, second factor, decide; then back to the app.

use std::convert::identity;

use actix_web::{HttpResponse, http::header::RETRY_AFTER};
use serde_json::Value;

use super::authorize::{Decision, Read};
use crate::{
    call::{Answer, Call, Caller},
    device,
    locale::{Locale, Text},
    oauth::{
        browser::Browser,
        issuer,
        page::{self, Frame, Question},
    },
    problem::{Code, Problem},
    routes::session::examine::{Credentials, Examined, examine},
    usecases::{
        oauth::{self, Asked, Refusal},
        proof::Proof,
        second_factor,
        second_step::{self, SecondStep},
        session::{self, Device, TokenPair},
    },
};

/// A request that can be decided on, and the browser it came from.
struct Scene {
    asked: Asked,
    state: Option<String>,
    frame: Frame,
    question: Question,
    issuer: String,
}

/// Shows the page that is next: the question, if somebody is logged in.
pub(super) async fn show(call: &Call, read: Read) -> Answer {
    let scene = match scene(call, read).await? {
        Ok(scene) => scene,
        Err(refused) => return Ok(refused),
    };
    let hash = scene.frame.browser.hash();
    let member = call.look_up(move |conn, _| oauth::browsing(conn, &hash), identity).await?;
    Ok(match member {
        Some((_, _, email)) => scene.frame.consent(&scene.question, &email),
        None => scene.frame.log_in(&scene.question, 200, None),
    })
}

async fn scene(call: &Call, read: Read) -> Result<Result<Scene, HttpResponse>, Problem> {
    let Read { request, locale, query } = read;
    let Some(request) = request else { return Ok(Err(unreadable(locale))) };
    let issuer = issuer(call.app(), call.request());
    let state = request.state.clone();
    let examined = call.look_up(move |conn, _| oauth::examine(conn, &request), identity).await?;
    let asked = match examined {
        Ok(asked) => asked,
        Err(Refusal::Here(why)) => return Ok(Err(page::refused(locale, 400, &why))),
        Err(Refusal::Back { redirect_uri, error }) => {
            let told = [("error", Some(error.as_str())), ("state", state.as_deref()), ("iss", Some(issuer.as_str()))];
            return Ok(Err(back(&redirect_uri, &told)));
        }
    };
    let browser = Browser::of(call.request(), &issuer)?;
    let token = browser.form_token(call.app().tokens.secrets(), &query);
    let question = Question {
        app: asked.app.name.clone(),
        owner: asked.owner.clone(),
        host: page::origin(&asked.redirect_uri).1.to_owned(),
        scopes: asked.scopes,
    };
    let frame = Frame { locale, browser, query, token, back_to: asked.redirect_uri.clone() };
    Ok(Ok(Scene { asked, state, frame, question, issuer }))
}

fn unreadable(locale: Locale) -> HttpResponse {
    let why = Text {
        en: "The request cannot be read: a parameter comes twice, is too long, or holds control characters.".to_owned(),
        ja: "リクエストを読み取れません。パラメーターが重複しているか、長すぎるか、制御文字を含んでいます。".to_owned(),
    };
    page::refused(locale, 400, &why)
}

/// To the app, with these parameters behind those that its address has already.
fn back(redirect_uri: &str, told: &[(&str, Option<&str>)]) -> HttpResponse {
    let given = told.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={}", encoded(value))));
    let parameters: Vec<String> = given.collect();
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    elsewhere(&format!("{redirect_uri}{joint}{}", parameters.join("&")))
}

fn elsewhere(place: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", place)).insert_header(("Cache-Control", "no-store")).finish()
}

/// Percent-encoded but for what means itself everywhere (RFC 3986 section 2.3).
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Takes what the page posted.
pub(super) async fn decide(call: Call, read: Read, decision: Option<Decision>) -> Answer {
    let scene = match scene(&call, read).await? {
        Ok(scene) => scene,
        Err(refused) => return Ok(refused),
    };
    let Some(decision) = decision else { return Ok(unreadable(scene.frame.locale)) };
    let token = decision.csrf_token.as_deref().unwrap_or_default();
    if !scene.frame.browser.check(call.app().tokens.secrets(), &scene.frame.query, token) {
        let why = Text {
            en: "This form was not made for your browser and this request. Go back to the app and start over.".to_owned(),
            ja: "このフォームはお使いのブラウザーとこのリクエストのためのものではありません。アプリに戻ってやり直してください。".to_owned(),
        };
        return Ok(page::refused(scene.frame.locale, 403, &why));
    }
    let answered = decision.decision.clone();
    match (answered.as_deref(), decision) {
        (Some("allow"), _) => allow(&call, scene).await,
        (Some("deny"), _) => Ok(scene.send(&[("error", Some("access_denied"))])),
        (Some("switch"), _) => {
            let browser = scene.frame.browser.fresh()?;
            Ok(scene.again(&browser))
        }
        (Some(_) | None, Decision { challenge_token: Some(challenge), code: Some(code), .. }) => {
            second(&call, scene, challenge, code).await
        }
        (Some(_) | None, Decision { email: Some(email), password: Some(password), .. }) => {
            first(&call, scene, email, password).await
        }
        (Some(_) | None, _) => Ok(scene.frame.log_in(&scene.question, 400, None)),
    }
}

impl Scene {
    fn send(&self, told: &[(&str, Option<&str>)]) -> HttpResponse {
        let rest = [("state", self.state.as_deref()), ("iss", Some(self.issuer.as_str()))];
        back(&self.asked.redirect_uri, &[told, &rest].concat())
    }

    /// The same page, asked for anew with other cookies.
    fn again(&self, browser: &Browser) -> HttpResponse {
        let mut response = elsewhere(&format!("/oauth/authorize?{}", self.frame.query));
        browser.set(&mut response);
        response
    }

    /// The same page, for who has logged in.
    fn logged_in(&self, opened: TokenPair) -> HttpResponse {
        self.again(&self.frame.browser.with(opened.refresh, opened.device_token))
    }

    /// Another question about the same, because this one was answered wrongly.
    fn wrong(&self, problem: &Problem, challenge: Option<&str>) -> HttpResponse {
        let (status, why) = (problem.code().status(), detail(problem, self.frame.locale));
        let mut page = match challenge {
            Some(challenge) => self.frame.second_factor(challenge, status, Some(&why)),
            None => self.frame.log_in(&self.question, status, Some(&why)),
        };
        if let Some(seconds) = problem.wait() {
            page.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        page
    }
}

fn detail(problem: &Problem, locale: Locale) -> String {
    problem.body(locale, "").get("detail").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What was refused is shown on the page; what broke is not.
fn shown<T>(outcome: Result<T, Problem>) -> Result<Result<T, Problem>, Problem> {
    match outcome {
        Err(problem) if problem.code().status() >= 500 => Err(problem),
        other => Ok(other),
    }
}

async fn allow(call: &Call, scene: Scene) -> Answer {
    let (hash, asked) = (scene.frame.browser.hash(), scene.asked.clone());
    let given = call.attempt(Caller::Anyone, move |tx, _| oauth::allow(tx, &hash, &asked)).await;
    match shown(given)? {
        Ok(code) => Ok(scene.send(&[("code", Some(code.as_str()))])),
        Err(_) => Ok(scene.frame.log_in(&scene.question, 401, None)),
    }
}

async fn first(call: &Call, scene: Scene, email: String, password: String) -> Answer {
    let known = scene.frame.browser.device.clone();
    let credentials = Credentials { email, password, device_token: known.clone() };
    let Examined { guess, member, hash, has_second_factor } = match shown(examine(call, &credentials).await)? {
        Ok(examined) => examined,
        Err(problem) => return Ok(scene.wrong(&problem, None)),
    };
    let id = member.id;
    if has_second_factor {
        let challenge = call
            .attempt(Caller::Anyone, move |tx, cx| {
                guess.succeeded(tx)?;
                second_factor::challenge(tx, &cx.app, id, &hash)
            })
            .await;
        return Ok(match shown(challenge)? {
            Ok(challenge) => scene.frame.second_factor(&challenge, 200, None),
            Err(problem) => scene.wrong(&problem, None),
        });
    }
    let device = Device { label: device::label(call.request().headers()), token: known };
    let opened = call
        .attempt(Caller::Anyone, move |tx, cx| {
            let device = session::require_as_compared(tx, cx, id, &hash, &device)?;
            guess.succeeded(tx)?;
            oauth::log_in(tx, cx, id, &device)
        })
        .await;
    Ok(match shown(opened)? {
        Ok(opened) => scene.logged_in(opened),
        Err(problem) => scene.wrong(&problem, None),
    })
}

async fn second(call: &Call, scene: Scene, challenge: String, code: String) -> Answer {
    let is_code = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
    let proof = if is_code { Proof::Code(code) } else { Proof::Recovery(code) };
    let known = scene.frame.browser.device.clone();
    let device = Device { label: device::label(call.request().headers()), token: known };
    let step = SecondStep { challenge: challenge.clone(), proof, device };
    let opened = call
        .attempt(Caller::Anyone, move |tx, cx| {
            let proved = second_step::prove(tx, cx, &step)?;
            proved.map(|(id, device)| oauth::log_in(tx, cx, id, &device)).transpose()
        })
        .await;
    Ok(match shown(opened)? {
        Ok(Some(opened)) => scene.logged_in(opened),
        Ok(None) => scene.wrong(&Problem::new(Code::InvalidCode), Some(&challenge)),
        // A challenge that is too old: the password is asked for again.
        Err(problem) if problem.code() == Code::InvalidToken => scene.wrong(&problem, None),
        Err(problem) => scene.wrong(&problem, Some(&challenge)),
    })
}
