//! API keys of the caller.

use actix_web::{delete, get, post};
use domain::ids::ApiKeyKind;
use garde::Validate;
use persistence::{api_key, page::Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Key},
    date_time::DateTime,
    extract::{Filter, PathId},
    page::PageFilter,
    reply::Reply,
    usecases::api_key::{self as usecase, Wish},
    words::{Scope, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(list_api_keys).service(make_api_key).service(read_api_key).service(revoke_api_key);
}

/// A key that is to be made.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct NewApiKey {
    /// For telling keys apart.
    #[schema(min_length = 1, max_length = 60, example = "Bookkeeping")]
    #[garde(length(chars, min = 1, max = 60))]
    name: String,
    /// What may be done with it.
    #[schema(min_items = 1, max_items = 20, value_type = Vec<Scope>, example = json!(["money:read", "events:read"]))]
    #[garde(length(min = 1, max = 20))]
    scopes: Vec<Scope>,
    /// For how many days it is good; 90 if you don't say.
    #[schema(minimum = 1, maximum = 366, default = 90)]
    #[garde(range(min = 1, max = usecase::LIFE_MOST))]
    expires_in_days: Option<i64>,
}

/// A key that can still be used.
#[derive(Debug, Serialize, ToSchema)]
struct ApiKey {
    id: String,
    #[schema(example = "Bookkeeping")]
    name: String,
    /// How it begins and ends.
    #[schema(example = "az_test_...AAAA")]
    hint: String,
    #[schema(example = json!(["money:read", "events:read"]))]
    scopes: Vec<Scope>,
    created_at: DateTime,
    expires_at: DateTime,
    /// To within a minute or so; null if never.
    #[schema(required = true)]
    last_used_at: Option<DateTime>,
}

impl From<api_key::ApiKey> for ApiKey {
    fn from(key: api_key::ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            hint: key.hint,
            scopes: key.scopes.iter().map(Word).collect(),
            created_at: key.created_at.into(),
            expires_at: key.expires_at.into(),
            last_used_at: key.used_at.map(Into::into),
        }
    }
}

/// A key that has just been made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeApiKey {
    #[serde(flatten)]
    api_key: ApiKey,
    /// What to send as `Authorization: Bearer`. Shown this once.
    #[schema(example = "az_test_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    key: String,
}

/// Keys, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct ApiKeyPage {
    items: Vec<ApiKey>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Make an API key
///
/// It acts as the caller, within its scopes, until it expires or is revoked. Keys of a sandbox begin with `az_test_`, those of production with `az_live_`. Needs a recent proof; the caller is told by mail. One member can have 50.
#[utoipa::path(tag = "apps", request_body = NewApiKey, responses((status = 201, description = "The key, shown this once", body = MadeApiKey)),
    extensions(("x-errors" = json!(["not_permitted", "recent_login_required", "too_many_apps", "answer_not_repeatable"]))))]
#[post("/v1/api-keys")]
async fn make_api_key(call: Call, body: Body<NewApiKey>) -> Answer {
    let Body { value, canonical } = body;
    domain::app::check_name(&value.name)?;
    let scopes = value.scopes.iter().map(|scope| scope.0).collect();
    let wish = Wish { name: value.name, scopes, days: value.expires_in_days.unwrap_or(90) };
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let (made, key) = usecase::make(tx, cx, &wish)?;
        let place = format!("/v1/api-keys/{}", made.id);
        Ok(Reply::created(&MadeApiKey { api_key: made.into(), key }, place)?.secret())
    })
    .await
}

/// The caller's API keys, newest first
#[utoipa::path(tag = "apps", params(PageFilter), responses((status = 200, description = "Keys", body = ApiKeyPage)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/api-keys")]
async fn list_api_keys(call: Call, filter: Filter<PageFilter>) -> Answer {
    call.read(move |conn, cx| {
        let secrets = cx.app.tokens.secrets();
        let request = filter.0.page(format!("api-keys {}", cx.person()?), secrets)?;
        let position = |key: &api_key::ApiKey| Position { at: key.created_at, id: key.id.uuid() };
        let (found, next_cursor) = request.cut(usecase::list(conn, cx, &request)?, position, secrets);
        Reply::ok(&ApiKeyPage { items: found.into_iter().map(ApiKey::from).collect(), next_cursor })
    })
    .await
}

/// One API key of the caller
#[utoipa::path(tag = "apps", responses((status = 200, description = "The key, but for what opens", body = ApiKey)),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[get("/v1/api-keys/{id}")]
async fn read_api_key(call: Call, id: PathId<ApiKeyKind>) -> Answer {
    call.read(move |conn, cx| Reply::ok(&ApiKey::from(usecase::find(conn, cx, id.0)?))).await
}

/// Revoke an API key
///
/// It stops working at once, on every replica.
#[utoipa::path(tag = "apps", responses((status = 204, description = "Revoked")),
    extensions(("x-errors" = json!(["not_permitted"]))))]
#[delete("/v1/api-keys/{id}")]
async fn revoke_api_key(call: Call, id: PathId<ApiKeyKind>) -> Answer {
    call.act(Key::Optional, "", move |tx, cx| {
        usecase::revoke(tx, cx, id.0)?;
        Ok(Reply::empty())
    })
    .await
}
