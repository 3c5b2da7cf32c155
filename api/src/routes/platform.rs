//! Health, keys, the specification itself, events and state machines.

use std::sync::{Arc, OnceLock};

use actix_web::{HttpResponse, get};
use domain::states;
use metrics_exporter_prometheus::PrometheusHandle;
use persistence::event::NumberedEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::Routes;
use crate::{
    call::{Answer, Call, blocking},
    date_time::DateTime,
    extract::Filter,
    page::limit,
    problem::{Code, Problem},
    reply::Reply,
    secrets::SigningKey,
    usecases::platform,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(live).service(ready).service(version).service(metrics).service(keys).service(specification);
    config.service(state_machines).service(events);
}

/// A word that says it is well.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process is alive
#[utoipa::path(tag = "platform", responses((status = 200, description = "Alive", body = Health)), security(()))]
#[get("/livez")]
async fn live(call: Call) -> Answer {
    Ok(Reply::ok(&Health { status: "ok" })?.send(call.request(), false))
}

/// Whether the process can serve: it reaches its database
#[utoipa::path(tag = "platform", responses((status = 200, description = "Ready", body = Health)), security(()))]
#[get("/readyz")]
async fn ready(call: Call) -> Answer {
    call.read_public(|_, _| Reply::ok(&Health { status: "ok" })).await
}

/// What is running here.
#[derive(Debug, Serialize, ToSchema)]
struct Version {
    #[schema(example = "0.1.0")]
    version: &'static str,
    #[schema(example = "sandbox")]
    mode: &'static str,
    /// The current terms of use.
    #[schema(example = "2026-04-01")]
    terms_version: String,
}

/// What is running here
#[utoipa::path(tag = "platform", responses((status = 200, description = "The version", body = Version)), security(()))]
#[get("/version")]
async fn version(call: Call) -> Answer {
    let settings = &call.app().settings;
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        mode: settings.mode.as_str(),
        terms_version: settings.terms_version.clone(),
    };
    Ok(Reply::ok(&version)?.send(call.request(), false))
}

/// Metrics in Prometheus' text format
#[utoipa::path(tag = "platform", responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")), security(()))]
#[get("/metrics")]
async fn metrics(handle: actix_web::web::Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(handle.render())
}

/// A public key (RFC 8037).
#[derive(Debug, Serialize, ToSchema)]
struct PublicKey {
    #[schema(example = "OKP")]
    kty: &'static str,
    #[schema(example = "Ed25519")]
    crv: &'static str,
    #[schema(example = "EdDSA")]
    alg: &'static str,
    #[schema(rename = "use", example = "sig")]
    #[serde(rename = "use")]
    purpose: &'static str,
    #[schema(example = "3f6c0a1b2d4e5f60")]
    kid: String,
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    x: String,
}

/// The keys that sign access tokens (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
struct KeySet {
    keys: Vec<PublicKey>,
}

/// The keys that sign access tokens
///
/// The one in use comes first; then the one before it, whose tokens are still good, and the next. Look a key up by `kid`, and ask again when you meet one that you do not know.
#[utoipa::path(tag = "platform", responses((status = 200, description = "A JWK set", body = KeySet)), security(()))]
#[get("/.well-known/jwks.json")]
async fn keys(call: Call) -> Answer {
    let public = |key: Arc<SigningKey>| PublicKey {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        purpose: "sig",
        kid: key.key_id.clone(),
        x: key.public_key.clone(),
    };
    let keys = call.app().tokens.keys().into_iter().map(public).collect();
    Ok(Reply::ok(&KeySet { keys })?.send(call.request(), false))
}

/// This specification
#[utoipa::path(tag = "platform", responses((status = 200, description = "OpenAPI 3.1", body = Object)), security(()))]
#[get("/openapi.json")]
async fn specification() -> Answer {
    static HERE: OnceLock<Option<String>> = OnceLock::new();
    let document = HERE.get_or_init(document_of_this_server).as_ref().ok_or_else(|| Problem::new(Code::Internal))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(document.as_str()))
}

/// The document, for whichever address it was fetched from.
fn document_of_this_server() -> Option<String> {
    let mut document = crate::openapi::document().ok()?;
    document.as_object_mut()?.insert("servers".into(), json!([{"url": "/", "description": "This server"}]));
    Some(document.to_string())
}

/// One arrow of a state machine.
#[derive(Debug, Serialize, ToSchema)]
struct Transition {
    #[schema(example = "delivered")]
    from: String,
    #[schema(example = "accept")]
    action: String,
    /// Who may make it happen.
    #[schema(example = json!(["client"]))]
    by: Vec<&'static str>,
    #[schema(example = "accepted")]
    to: String,
}

/// A state machine, from the same table that decides.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateMachine {
    #[schema(example = "milestone")]
    name: String,
    #[schema(example = "planned")]
    initial: String,
    #[schema(example = json!(["planned", "funding", "funded"]))]
    states: Vec<String>,
    #[schema(example = json!(["accepted", "canceled"]))]
    final_states: Vec<String>,
    transitions: Vec<Transition>,
}

/// Every state machine there is.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateMachines {
    items: Vec<StateMachine>,
}

impl StateMachines {
    /// All of them, as published.
    pub fn all() -> Self {
        Self { items: states::machines().into_iter().map(StateMachine::from).collect() }
    }
}

impl From<states::MachineTable> for StateMachine {
    fn from(table: states::MachineTable) -> Self {
        let names = |wanted: bool| {
            let chosen = table.states.iter().filter(move |state| !wanted || state.is_final);
            chosen.map(|state| state.name.clone()).collect()
        };
        let transition = |arrow: &domain::machine::Transition| Transition {
            from: arrow.from.clone(),
            action: arrow.action.clone(),
            by: arrow.by.iter().map(|standing| standing.as_str()).collect(),
            to: arrow.to.clone(),
        };
        Self {
            name: table.name.to_owned(),
            initial: table.initial.clone(),
            states: names(false),
            final_states: names(true),
            transitions: table.transitions.iter().map(transition).collect(),
        }
    }
}

/// Every state machine, as data
#[utoipa::path(tag = "platform", responses((status = 200, description = "The machines", body = StateMachines)), security(()))]
#[get("/v1/state-machines")]
async fn state_machines(call: Call) -> Answer {
    Ok(Reply::ok(&StateMachines::all())?.send(call.request(), false))
}

/// Where to go on reading.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventFilter {
    /// The number of the last event seen; 0 for the first ones.
    #[param(minimum = 0, example = 0)]
    after: Option<i64>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
struct Event {
    id: String,
    /// Its place in the order; pass the last one seen as `after`.
    number: i64,
    /// What happened to it.
    #[schema(example = "milestone.accepted")]
    kind: String,
    /// The resource it happened to.
    #[schema(example = "milestone_01k30dwqgzfgx9p7jfdwpht7gg")]
    subject: String,
    /// Nothing so far: read the resource for what became of it.
    #[schema(value_type = Object, example = json!({}))]
    data: Value,
    occurred_at: DateTime,
}

impl From<NumberedEvent> for Event {
    fn from(NumberedEvent { number, event }: NumberedEvent) -> Self {
        Self {
            id: event.id.to_string(),
            number,
            kind: event.kind,
            subject: event.subject,
            data: event.data,
            occurred_at: event.occurred_at.into(),
        }
    }
}

/// Events in order.
#[derive(Debug, Serialize, ToSchema)]
struct Events {
    items: Vec<Event>,
    /// The `after` of the next call; the same as given when nothing new has happened.
    next_after: i64,
}

/// What happened to things that concern the caller
///
/// Oldest first. Events are numbered such that none ever appears behind a number already read.
#[utoipa::path(tag = "platform", params(EventFilter), responses((status = 200, description = "Events", body = Events)))]
#[get("/v1/events")]
async fn events(call: Call, filter: Filter<EventFilter>) -> Answer {
    let (after, limit) = (filter.0.after.unwrap_or(0), limit(filter.0.limit)?);
    if after < 0 {
        return Err(Problem::new(Code::InvalidParameter).detail(
            "after must be 0 or the number of an event.",
            "afterは0、またはイベントの番号を指定してください。",
        ));
    }
    call.require_token().await?;
    let app = call.app().clone();
    blocking(move || platform::number_events(&app)).await?;
    call.read(move |conn, cx| {
        let items: Vec<Event> =
            persistence::event::after(conn, cx.person()?, after, limit.into())?.into_iter().map(Event::from).collect();
        let next_after = items.last().map_or(after, |event| event.number);
        Reply::ok(&Events { items, next_after })
    })
    .await
}

/// The state machines as committed under `docs/states/`.
pub fn state_machines_json() -> serde_json::Result<Value> {
    Ok(json!(StateMachines::all()))
}
