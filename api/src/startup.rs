//! Putting the application together and running it.

use std::{
    net::TcpListener,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    App as HttpApp, HttpServer,
    dev::{Server, ServerHandle},
    middleware::from_fn,
    web,
};
use domain::{fee::FeeSchedule, member::MemberKind, password::Password, policy::Role};
use futures_util::future::{Either, join, select};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use persistence::{
    instance::{self, Instance},
    ledger, member,
    store::{Intent, Sizes, Store, Tx},
};
use secrecy::ExposeSecret;
use socket2::SockRef;
use tokio::sync::Notify;

use crate::{
    auth::Tokens,
    clock,
    config::{Mode, Settings},
    cors, edge,
    email::is_address,
    extract::is_text,
    limits::{self, Limits},
    locale::Locale,
    mailer::Mailer,
    operations, password,
    problem::Problem,
    routes,
    secrets::{self, Secrets},
    social::Providers,
    state::App,
    usecases::{
        access,
        audit_log::{Deed, at_console},
        commit::Audience,
        keys, payout_run,
    },
    uses::Uses,
    worker::{self, Worker},
};

/// Anything that stops the start, in one line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    fn of(what: &str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |error| Self(format!("{what}: {error}"))
    }
}

/// What a process is told whose keys are of another secret.
const OTHER_SECRET: &str = "this database belongs to another secret: set the AZUKARI_SECRET it was made with (none, if a \
    sandbox was made without); or, if that one was stolen or lost, let the present one take its place by \
    `azukari keys adopt`, which voids all access tokens and second factors";

/// Opens the database, claims it for this mode and this secret, and derives the keys.
///
/// # Errors
/// One line that says what is wrong.
pub fn open(settings: Settings) -> Result<Arc<App>, StartError> {
    let app = open_with_any_secret(settings)?;
    let unusable = |problem: Problem| unusable(&problem);
    let instance = app.store.read(instance::read).map_err(|error| unusable(error.into()))?;
    if keys::belong(&app, &instance).map_err(unusable)? { Ok(app) } else { Err(StartError(OTHER_SECRET.into())) }
}

/// The same whatever secret the database belongs to, which is for nothing but to adopt the present one.
///
/// # Errors
/// One line that says what is wrong.
pub fn open_with_any_secret(settings: Settings) -> Result<Arc<App>, StartError> {
    let sizes = Sizes { readers: settings.readers, writers: settings.writers };
    let store = Store::open(settings.database_url.expose_secret(), sizes).map_err(|e| StartError(e.to_string()))?;
    let fresh = secrets::random().map_err(|error| StartError(error.to_string()))?;
    let given = settings.secret.as_ref().map(|secret| secret.expose_secret().as_bytes().to_vec());
    let mode = settings.mode;
    let claimed = store.write(Intent::Keep, move |tx| claim(tx, mode, given.as_deref(), &fresh));
    let (claimed, secrets) = claimed.map_err(|problem| unusable(&problem))??;
    let tokens = Tokens::new(secrets, settings.issuer(), mode.as_str()).and_then(|tokens| {
        tokens.turn_to(claimed.key_generation)?;
        Ok(tokens)
    });
    let tokens = tokens.map_err(|error| StartError(error.to_string()))?;
    let limits = Limits::new(settings.limits());
    let rules = settings.rules.clone();
    let fees = FeeSchedule::standard_with(settings.fee.tax.0, settings.fee.basis.0);
    let providers =
        Providers::new(&settings.social, mode == Mode::Production).map_err(|error| StartError(error.to_string()))?;
    let (uses, disowned) = (Uses::default(), Notify::new());
    Ok(Arc::new(App { settings, store, tokens, limits, uses, providers, fees, rules, disowned }))
}

/// Marks a new database, and does what every start does. What belongs to another mode or secret is left as it is.
fn claim(
    tx: &mut Tx<'_>,
    mode: Mode,
    given: Option<&[u8]>,
    fresh: &[u8],
) -> Result<Result<(Instance, Secrets), StartError>, Problem> {
    let own = (mode == Mode::Sandbox).then_some(fresh);
    let claimed = instance::claim(tx, mode.as_str(), own, clock::real_now())?;
    if claimed.mode != mode.as_str() {
        return Ok(Err(StartError(format!(
            "this database belongs to a {} installation; {} needs a database of its own",
            claimed.mode,
            mode.as_str()
        ))));
    }
    let Some(secret) = given.or(claimed.secret.as_deref()) else {
        return Ok(Err(StartError("no secret is set".into())));
    };
    let secrets = Secrets::derive(secret)?;
    let id = secrets.id()?;
    let claimed = instance::note_secret(tx, &id)?;
    if claimed.first_key_id.as_ref() == Some(&id) {
        ledger::open_platform_accounts(tx)?;
        payout_run::schedule(tx, clock::market_now(claimed.clock_offset()))?;
    }
    Ok(Ok((claimed, secrets)))
}

fn unusable(problem: &Problem) -> StartError {
    StartError(format!("the database cannot be used: {}", problem.told()))
}

/// How many connections may wait to be accepted; the system may allow fewer. The standard library asks for 128, and of a
/// burst of more than that some are left hanging.
const BACKLOG: i32 = 4096;

/// A server that is bound and not yet running.
#[derive(Debug)]
pub struct Bound {
    /// Where it listens.
    pub address: std::net::SocketAddr,
    listener: TcpListener,
    app: Arc<App>,
}

/// Binds the address, so that a wrong one stops the start.
///
/// # Errors
/// One line that says what is wrong.
pub fn bind(app: Arc<App>) -> Result<Bound, StartError> {
    let listener = TcpListener::bind(app.settings.listen).map_err(|e| StartError::of("cannot listen")(&e))?;
    SockRef::from(&listener).listen(BACKLOG).map_err(|e| StartError::of("cannot listen")(&e))?;
    let address = listener.local_addr().map_err(|e| StartError::of("cannot listen")(&e))?;
    Ok(Bound { address, listener, app })
}

/// A server at work.
pub struct Running {
    server: Server,
    app: Arc<App>,
    workers: Vec<Worker>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("workers", &self.workers).finish_non_exhaustive()
    }
}

impl Running {
    /// What tells the server to stop.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Waits until it is told to stop and accepted requests have finished; or until the database belongs to another secret,
    /// whereupon nothing is finished: what is signed with ours must open nothing more.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn finish(self) -> Result<(), StartError> {
        let handle = self.server.handle();
        let done = match select(self.server, pin!(self.app.disowned.notified())).await {
            Either::Left((done, _)) => done.map_err(|e| StartError::of("the server failed")(&e)),
            Either::Right(((), server)) => {
                let ((), _) = join(handle.stop(false), server).await;
                Err(StartError(OTHER_SECRET.into()))
            }
        };
        self.workers.into_iter().for_each(Worker::stop);
        done
    }
}

/// Starts to serve and to run the timers; needs the runtime of actix around it.
///
/// # Errors
/// One line that says what is wrong.
pub fn start(bound: Bound) -> Result<Running, StartError> {
    let Bound { listener, app, .. } = bound;
    let mailer = Mailer::open(&app).map_err(StartError)?;
    let metrics = recorder()?;
    let mut workers = vec![Worker::start("timers", app.clone(), worker::jobs())];
    workers.extend(mailer.map(|mailer| Worker::start("mail", (mailer, app.clone()), worker::mail())));
    let workers = workers.into_iter().collect::<Result<_, _>>().map_err(|e| StartError::of("worker")(&e))?;
    let server = http(listener, app.clone(), metrics).map_err(|e| StartError::of("cannot serve")(&e))?;
    Ok(Running { server, app, workers })
}

/// Serves until it is told to stop, then lets accepted requests finish.
///
/// # Errors
/// One line that says what is wrong.
pub async fn serve(bound: Bound) -> Result<(), StartError> {
    start(bound)?.finish().await
}

fn http(listener: TcpListener, app: Arc<App>, metrics: PrometheusHandle) -> std::io::Result<Server> {
    let patience = app.settings.body_wait;
    let factory = move || {
        HttpApp::new()
            .app_data(web::Data::from(app.clone()))
            .app_data(web::Data::new(metrics.clone()))
            .configure(routes::configure)
            .configure(crate::docs::configure)
            .default_service(web::route().to(edge::unmatched))
            .wrap(from_fn(operations::check))
            .wrap(from_fn(limits::limit))
            .wrap(tracing_actix_web::TracingLogger::<crate::logs::Spans>::new())
            .wrap(cors::cors(&app.settings.cors_origins))
            .wrap(from_fn(edge::edge))
    };
    let server = HttpServer::new(factory)
        .workers(std::thread::available_parallelism().map_or(2, usize::from))
        .shutdown_timeout(30)
        .client_request_timeout(patience)
        .listen(listener)?;
    Ok(server.run())
}

fn recorder() -> Result<PrometheusHandle, StartError> {
    // A process has one recorder, and the servers of several tests may start in it at once.
    static RECORDER: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = recorder.as_ref() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().install_recorder().map_err(|e| StartError::of("metrics")(&e))?;
    Ok(recorder.insert(handle).clone())
}

/// Adds one of the operator's people.
///
/// # Errors
/// One line that says what is wrong.
pub fn create_staff(app: &Arc<App>, role: Role, email: &str, name: &str, password: &str) -> Result<(), StartError> {
    if !is_address(email) {
        return Err(StartError(format!("no mail can be sent to {email:?}: name an address like noa@example.com")));
    }
    if name.is_empty() || !is_text(name, 60) {
        return Err(StartError(format!("the name {name:?} has not 1 to 60 characters that can be shown")));
    }
    let chosen = Password::choose(password, false, &[email, name]).map_err(|e| StartError::of("the password")(&e))?;
    let password_hash = password::hash(&chosen).map_err(|e| StartError::of("the password")(&e))?;
    let form = access::Registration {
        email: email.to_owned(),
        display_name: name.to_owned(),
        kind: MemberKind::Individual,
        username: None,
        password_hash: Some(password_hash),
        locale: Locale::En,
    };
    let created = at_console(app, Deed::command("staff create", None), move |tx, cx| {
        let member = access::create_confirmed(tx, cx, role, &form)?;
        cx.changed(&member.id.to_string(), Audience::only(member.id), &member);
        Ok(())
    });
    created.map_err(|problem| StartError(format!("the account could not be created: {}", problem.told())))
}

/// Whether the operator has nobody here yet.
///
/// # Errors
/// One line that says what is wrong.
pub fn is_new(app: &App) -> Result<bool, StartError> {
    app.store.read(member::no_staff).map_err(|error| StartError(error.to_string()))
}
