//! Partner apps, for those who register them.

use actix_web::{delete, get, post, put};
use domain::{
    app::{REDIRECT_MOST, REDIRECTS_MOST, RedirectUri},
    ids::{AppId, AppKind},
};
use garde::Validate;
use persistence::{app, page::Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    date_time::DateTime,
    extract::{Filter, PathId},
    page::PageFilter,
    problem::Problem,
    reply::Reply,
    usecases::app::{self as usecase, Wish},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(list_apps).service(register_app).service(read_app).service(change_app).service(delete_app);
    config.service(rotate_app_secret);
}

/// An app that is to be registered.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct NewApp {
    /// Members see it when they decide.
    #[schema(min_length = 1, max_length = 60, example = "Tea Calendar")]
    #[garde(length(chars, min = 1, max = 60))]
    name: String,
    /// Where members are sent back to: https, or http to `127.0.0.1` or `[::1]`. A request must name one of them to the letter; on the member's own machine the port may differ.
    #[schema(max_items = 10, example = json!(["https://calendar.example/callback"]))]
    #[garde(length(max = REDIRECTS_MOST), inner(length(max = REDIRECT_MOST)))]
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// Whether it can keep a secret, as a server can and an app on a phone or in a browser cannot.
    #[garde(skip)]
    confidential: bool,
}

/// What can be changed of an app.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct AppChange {
    /// Members see it when they decide.
    #[schema(min_length = 1, max_length = 60, example = "Tea Calendar")]
    #[garde(length(chars, min = 1, max = 60))]
    name: String,
    /// All of them, as when it was registered: one that is left out is gone.
    #[schema(max_items = 10, example = json!(["https://calendar.example/callback"]))]
    #[garde(length(max = REDIRECTS_MOST), inner(length(max = REDIRECT_MOST)))]
    redirect_uris: Vec<String>,
}

/// A registered app.
#[derive(Debug, Serialize, ToSchema)]
struct App {
    /// Also its `client_id`.
    id: String,
    #[schema(example = "Tea Calendar")]
    name: String,
    #[schema(example = json!(["https://calendar.example/callback"]))]
    redirect_uris: Vec<String>,
    confidential: bool,
    created_at: DateTime,
}

impl From<app::App> for App {
    fn from(app: app::App) -> Self {
        Self {
            id: app.id.to_string(),
            name: app.name,
            redirect_uris: app.redirect_uris.iter().map(|uri| RedirectUri::as_str(uri).to_owned()).collect(),
            confidential: app.secret_hash.is_some(),
            created_at: app.created_at.into(),
        }
    }
}

/// An app with the secret it has just been given.
#[derive(Debug, Serialize, ToSchema)]
struct AppWithSecret {
    #[serde(flatten)]
    app: App,
    /// Shown this once; null for an app that can keep none.
    #[schema(required = true, example = "azs_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    client_secret: Option<String>,
}

/// Apps, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct AppPage {
    items: Vec<App>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

fn place(id: AppId) -> String {
    format!("/v1/apps/{id}")
}

/// Register an app
///
/// It acts for members who allow it (`/oauth/authorize`), or for itself if it can keep a secret. One member can have 20.
#[utoipa::path(tag = "apps", request_body = NewApp, responses((status = 201, description = "Registered", body = AppWithSecret)),
    extensions(("x-errors" = json!(["not_permitted", "too_many_apps", "answer_not_repeatable"]))))]
#[post("/v1/apps")]
async fn register_app(call: Call, body: Body<NewApp>) -> Answer {
    let Body { value, canonical } = body;
    let wish = Wish::of(value.name, &value.redirect_uris)?;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let (app, client_secret) = usecase::register(tx, cx, &wish, value.confidential)?;
        let place = place(app.id);
        Ok(Reply::created(&AppWithSecret { app: app.into(), client_secret }, place)?.secret())
    })
    .await
}

/// The caller's apps, newest first
#[utoipa::path(tag = "apps", params(PageFilter), responses((status = 200, description = "Apps", body = AppPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/apps")]
async fn list_apps(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let request = filter.0.page(format!("apps {}", cx.person()?), secrets)?;
        let position = |app: &app::App| Position { at: app.created_at, id: app.id.uuid() };
        let (found, next_cursor) = request.cut(usecase::list(conn, cx, &request)?, position, secrets);
        Reply::ok(&AppPage { items: found.into_iter().map(App::from).collect(), next_cursor })
    })
    .await
}

/// One app of the caller
#[utoipa::path(tag = "apps", responses((status = 200, description = "The app", body = App)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/apps/{id}")]
async fn read_app(call: Call, id: PathId<AppKind>) -> Answer {
    call.read(move |conn, cx| Reply::ok(&App::from(usecase::find(conn, cx, id.0)?))).await
}

/// Change an app's name and addresses
///
/// Codes that are on their way are void. Needs a recent proof: whoever chooses the addresses is sent the codes of those who
/// trust the app.
#[utoipa::path(tag = "apps", request_body = AppChange, responses((status = 200, description = "Changed", body = App)),
    extensions(("x-errors" = json!(["not_permitted", "recent_login_required"]))))]
#[put("/v1/apps/{id}")]
async fn change_app(call: Call, id: PathId<AppKind>, body: Body<AppChange>) -> Answer {
    let Body { value, canonical } = body;
    let wish = Wish::of(value.name, &value.redirect_uris)?;
    call.act(Key::Optional, &canonical, move |tx, cx| Reply::ok(&App::from(usecase::change(tx, cx, id.0, &wish)?)))
        .await
}

/// Delete an app
///
/// Everything it has dies at once, of every member.
#[utoipa::path(tag = "apps", responses((status = 204, description = "Deleted")),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[delete("/v1/apps/{id}")]
async fn delete_app(call: Call, id: PathId<AppKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| {
        usecase::delete(tx, cx, id.0)?;
        Ok(Reply::empty())
    })
    .await
}

fn with_secret((app, secret): (app::App, String)) -> Result<Reply, Problem> {
    Ok(Reply::ok(&AppWithSecret { app: app.into(), client_secret: Some(secret) })?.secret())
}

/// Give an app another secret
///
/// The one before is void at once; tokens stay. Needs a recent proof.
#[utoipa::path(tag = "apps", responses((status = 200, description = "The secret, shown this once", body = AppWithSecret)),
    extensions(("x-errors" = json!(["recent_login_required", "answer_not_repeatable"]))))]
#[post("/v1/apps/{id}/rotate-secret")]
async fn rotate_app_secret(call: Call, id: PathId<AppKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| with_secret(usecase::rotate_secret(tx, cx, id.0)?)).await
}
