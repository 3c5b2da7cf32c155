//! The apps that can act for the caller.

use actix_web::{delete, get};
use domain::ids::AppKind;
use persistence::{connection::Connection, page::Position};
use serde::Serialize;
use utoipa::ToSchema;

use super::Routes;
use crate::{
    call::{Answer, Call, Key},
    date_time::DateTime,
    extract::{Filter, PathId},
    page::PageFilter,
    reply::Reply,
    usecases::connection,
    words::{Scope, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(list_connected_apps).service(read_connected_app).service(disconnect_app);
}

/// An app that can act for the caller.
#[derive(Debug, Serialize, ToSchema)]
struct ConnectedApp {
    app_id: String,
    #[schema(example = "Tea Calendar")]
    name: String,
    /// All that the caller has allowed it.
    #[schema(example = json!(["profile:read", "contracts:read"]))]
    scopes: Vec<Scope>,
    /// Since when.
    connected_at: DateTime,
    /// To within a minute or so; null if never.
    #[schema(required = true)]
    last_used_at: Option<DateTime>,
}

impl From<Connection> for ConnectedApp {
    fn from(connection: Connection) -> Self {
        Self {
            app_id: connection.app.to_string(),
            name: connection.name,
            scopes: connection.scopes.iter().map(Word).collect(),
            connected_at: connection.created_at.into(),
            last_used_at: connection.used_at.map(Into::into),
        }
    }
}

/// Connected apps, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct ConnectedAppPage {
    items: Vec<ConnectedApp>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The apps that can act for the caller, newest first
#[utoipa::path(tag = "apps", params(PageFilter), responses((status = 200, description = "Apps", body = ConnectedAppPage)))]
#[get("/v1/me/connected-apps")]
async fn list_connected_apps(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let request = filter.0.page(format!("connected-apps {}", cx.person()?), secrets)?;
        let position = |one: &Connection| Position { at: one.created_at, id: one.app.uuid() };
        let (found, next_cursor) = request.cut(connection::list(conn, cx, &request)?, position, secrets);
        Reply::ok(&ConnectedAppPage { items: found.into_iter().map(ConnectedApp::from).collect(), next_cursor })
    })
    .await
}

/// One of them
#[utoipa::path(tag = "apps", responses((status = 200, description = "The app", body = ConnectedApp)))]
#[get("/v1/me/connected-apps/{id}")]
async fn read_connected_app(call: Call, id: PathId<AppKind>) -> Answer {
    call.read(move |conn, cx| Reply::ok(&ConnectedApp::from(connection::find(conn, cx, id.0)?))).await
}

/// Cut an app
///
/// Everything that it has of the caller dies at once, on every replica. It can ask to be allowed again.
#[utoipa::path(tag = "apps", responses((status = 204, description = "Cut")))]
#[delete("/v1/me/connected-apps/{id}")]
async fn disconnect_app(call: Call, id: PathId<AppKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| {
        connection::cut(tx, cx, id.0)?;
        Ok(Reply::empty())
    })
    .await
}
