//! Round after round: the floor, then the program, on fresh copies of one filled database.

use std::time::{Duration, Instant};

use api::{auth::Claims, clock, state::App};
use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordVerifier},
};
use domain::{
    category::Category,
    ids::{ContractId, DeliveryId, MemberId, MilestoneId, SessionId},
};
use uuid::Uuid;

use crate::{
    Options,
    database::{Database, Engine, Target},
    floor::{self, Until},
    load::{self, Pace, Wire},
    market,
    server::{self, Server},
    table::{Table, middle},
};

/// How many ask at once.
const CONNECTIONS: [usize; 2] = [8, 32];

/// How often somebody logs in, in one round.
const LOG_INS: usize = 100;

/// A page of jobs of one category, as a client asks for it; without the category.
const PAGE: &str = "/v1/jobs?category=";
/// The least that may be asked for with a token or without one.
const ONE: &str = "/v1/jobs?category=translation&limit=1";
/// Authentication, and nothing else.
const NULL: &str = "/v1/sessions/current";

/// Everything about one engine.
pub fn measure(filled: &Database, options: &Options, table: &mut Table) {
    reads(filled, options, table);
    match filled.engine {
        Engine::Postgres => CONNECTIONS.iter().for_each(|some| accepts_on_postgres(filled, options, *some, table)),
        Engine::Sqlite => accepts_on_sqlite(filled, options, table),
    }
}

/// Does one thing for a while with eight connections, and answers how fast, and how much processor time it took.
pub fn drive(filled: &Database, options: &Options, what: &str) -> String {
    let copy = filled.copy("run");
    let requests = Requests::of(&copy);
    let server = Server::start(&copy.url());
    let time = Duration::from_secs(options.seconds);
    let before = server.processor();
    let pace = match what {
        "page" => load::send_for(&[&server.address], 8, &requests.page, time),
        "contract" => load::send_for(&[&server.address], 8, &requests.contract, time),
        "null" => load::send_for(&[&server.address], 8, &requests.null, time),
        _ => load::send_all(&[&server.address], &requests.split(8, options.accepts / 8)),
    };
    let each = (server.processor() - before).div_f64(pace.many as f64);
    format!("{:?} {what}: {:.0} /s, {each:.0?} of the program's processor time each", filled.engine, pace.per_second)
}

fn reads(filled: &Database, options: &Options, table: &mut Table) {
    let copy = filled.copy("reads");
    let requests = Requests::of(&copy);
    // The first start of a sandbox makes its staff, and keeps the memory that hashing their passwords took.
    drop(Server::start(&copy.url()));
    let server = Server::start(&copy.url());
    let idle = server.memory();
    let time = Duration::from_secs(options.seconds);
    for connections in CONNECTIONS {
        let ours = |requests: &[Vec<u8>]| load::send_for(&[&server.address], connections, requests, time);
        let floor = |script: &str| match copy.engine {
            Engine::Postgres => {
                floor::pgbench(&copy, script, connections, Until::Seconds(options.seconds), requests.targets.len())
            }
            Engine::Sqlite => ours(&requests.null),
        };
        let mut rounds = [const { Vec::<Pace>::new() }; 7];
        for _ in 0..options.rounds {
            let [page_floor, page, contract_floor, contract, null, known, unknown] = &mut rounds;
            page_floor.push(floor("page.sql"));
            page.push(ours(&requests.page));
            contract_floor.push(floor("contract.sql"));
            contract.push(ours(&requests.contract));
            null.push(ours(&requests.null));
            known.push(ours(&requests.known));
            unknown.push(ours(&requests.unknown));
        }
        let [page_floor, page, contract_floor, contract, null, known, unknown] = rounds;
        let (least_page, least_contract) = match copy.engine {
            Engine::Postgres => (0.5, 0.6),
            Engine::Sqlite => (0.3, 0.3),
        };
        let name = |what: &str| format!("{:?}: {what}", copy.engine);
        table.add(&name("(a) page of 20 jobs"), connections, &page_floor, &page, Some(least_page));
        table.add(&name("(b) contract by id"), connections, &contract_floor, &contract, Some(least_contract));
        table.add(&name("null, against (b)"), connections, &contract, &null, None);
        let each = |pace: &Pace| 1.0 / pace.per_second;
        let share = (0..options.rounds).map(|n| (each(&known[n]) - each(&unknown[n])) / each(&contract[n]));
        let what = format!("{:?}: authentication, {connections} connections, of (b)", copy.engine);
        table.bound(what, middle(share.collect()), "of the time", Some(0.2));
    }
    for (known, device) in [(true, "known"), (false, "new")] {
        let share = (0..options.rounds).map(|_| log_in(&server, known));
        let what = format!("{:?}: a log-in on a {device} device, against argon2id alone", copy.engine);
        table.bound(what, middle(share.collect()), "times", Some(1.1));
    }
    let mut figure =
        |what: &str, is: f64, unit, most| table.bound(format!("{:?}: {what}", copy.engine), is, unit, most);
    figure("memory, idle", idle, "MB", Some(60.0));
    figure("from its start to the first answer", server.started_in.as_secs_f64(), "s", Some(1.0));
    if copy.engine == Engine::Postgres {
        let second = Server::start(&copy.url());
        let size = std::fs::metadata(server::program()).expect("the program").len();
        figure("size of the program", size as f64 / 1e6, "MB", None);
        let mut rounds = [const { Vec::<Pace>::new() }; 2];
        for _ in 0..options.rounds {
            let [one, two] = &mut rounds;
            one.push(load::send_for(&[&server.address], 32, &requests.contract, time));
            two.push(load::send_for(&[&server.address, &second.address], 32, &requests.contract, time));
        }
        let [one, two] = rounds;
        table.add("Postgres: (b) on two replicas, against one", 32, &one, &two, None);
    }
    // Last, because reads are measured among contracts that nobody has accepted.
    load::send_all(&[&server.address], &requests.split(32, options.accepts / 32));
    let what = format!("{:?}: memory, the most during reads, log-ins and acceptances", copy.engine);
    table.bound(what, server.peak_memory(), "MB", None);
}

/// How much longer logging in takes than the comparison of the password alone, as the library of argon2id does it, by
/// turns: on a device that is known after the first time, or on a new one each time, of which a mail tells.
fn log_in(server: &Server, known: bool) -> f64 {
    let (hash, mut wire) = (market::hash(), Wire::open(&server.address));
    let hash = PasswordHash::new(&hash).expect("a hash");
    let (mut alone, mut whole) = (Vec::new(), Vec::new());
    let mut device = "null".to_owned();
    for _ in 0..LOG_INS {
        let (email, password) = ("client0@bench.example", market::PASSWORD);
        let body = format!(r#"{{"email":"{email}","password":"{password}","device_token":{device}}}"#);
        let request = load::request("POST", "/v1/sessions", None, None, &body);
        let began = Instant::now();
        Argon2::default().verify_password(market::PASSWORD.as_bytes(), &hash).expect("the right password");
        alone.push(began.elapsed().as_secs_f64());
        let began = Instant::now();
        let answer = String::from_utf8_lossy(wire.exchange(&request)).into_owned();
        whole.push(began.elapsed().as_secs_f64());
        if known {
            let (_, token) = answer.split_once(r#""device_token":""#).expect("a token for the device");
            device = format!("\"{}\"", token.split('"').next().expect("its end"));
        }
    }
    middle(whole) / middle(alone)
}

fn accepts_on_postgres(filled: &Database, options: &Options, connections: usize, table: &mut Table) {
    let each = options.accepts / connections;
    let mut rounds = [const { Vec::<Pace>::new() }; 3];
    for _ in 0..options.rounds {
        let [plain, one_trip, ours] = &mut rounds;
        let floor = |script: &str| {
            let copy = filled.copy("run");
            let pace = floor::pgbench(&copy, script, connections, Until::Each(each), 0);
            check_accepted(filled, &copy, each * connections);
            pace
        };
        plain.push(floor("accept.sql"));
        ours.push(accept(filled, connections, each));
        one_trip.push(floor("accept-one-trip.sql"));
    }
    let [plain, one_trip, ours] = rounds;
    table.add("Postgres: (c) accept", connections, &plain, &ours, Some(0.9));
    table.add("Postgres: (c) against one round trip", connections, &one_trip, &ours, None);
}

fn accepts_on_sqlite(filled: &Database, options: &Options, table: &mut Table) {
    let mut rounds = [const { Vec::<Pace>::new() }; 4];
    for _ in 0..options.rounds {
        let [plain, one, eight, many] = &mut rounds;
        let copy = filled.copy("run");
        plain.push(floor::sqlite_accepts(&copy, &copy.targets()[..options.accepts]));
        check_accepted(filled, &copy, options.accepts);
        for (connections, into) in [(1, one), (8, eight), (32, many)] {
            into.push(accept(filled, connections, options.accepts / connections));
        }
    }
    let [plain, one, eight, many] = rounds;
    table.add("Sqlite: (c) accept", 1, &plain, &one, Some(0.75));
    table.add("Sqlite: (c) accept", 8, &plain, &eight, None);
    table.add("Sqlite: (c) accept", 32, &plain, &many, Some(2.0));
}

/// Accepts different milestones over all connections, on a fresh copy.
fn accept(filled: &Database, connections: usize, each: usize) -> Pace {
    let copy = filled.copy("run");
    let split = Requests::of(&copy).split(connections, each);
    let server = Server::start(&copy.url());
    let pace = load::send_all(&[&server.address], &split);
    drop(server);
    check_accepted(filled, &copy, each * connections);
    pace
}

/// What each acceptance leaves behind, and how many of it: the floors must do what the program does.
const EFFECTS: [(&str, usize); 8] = [
    ("milestones WHERE state = 'accepted'", 1),
    ("escrows WHERE state = 'released'", 1),
    ("releases", 1),
    ("journal_entries WHERE kind = 'escrow_released'", 1),
    ("postings", 4),
    ("timers WHERE kind = 'funding_due'", 1),
    ("events", 2),
    ("idempotency_keys", 1),
];

/// All that was asked for must have been accepted in a copy, with everything that belongs to it.
fn check_accepted(filled: &Database, copy: &Database, asked: usize) {
    for (effect, times) in EFFECTS {
        assert_eq!(copy.count(effect), filled.count(effect) + times * asked, "not what was asked for: {effect}");
    }
}

/// Requests ready to be sent.
pub struct Requests {
    targets: Vec<Target>,
    pub page: Vec<Vec<u8>>,
    /// One job, asked for by somebody, and by anybody.
    known: Vec<Vec<u8>>,
    unknown: Vec<Vec<u8>>,
    contract: Vec<Vec<u8>>,
    null: Vec<Vec<u8>>,
    pub ledger: Vec<Vec<u8>>,
    pub accepts: Vec<Vec<u8>>,
}

impl Requests {
    pub fn of(database: &Database) -> Self {
        let app = market::open(&database.url());
        let targets = database.targets();
        let workers: Vec<(Target, String)> =
            targets.iter().map(|target| (*target, token(&app, target.worker, target.worker_session))).collect();
        let get = |path: &str, token: &str| load::request("GET", path, Some(token), None, "");
        Self {
            // All categories by turns, as the floor asks for any: one alone would stay in the caches.
            page: workers
                .iter()
                .zip(Category::ALL.iter().cycle())
                .map(|((_, token), category)| get(&format!("{PAGE}{category}"), token))
                .collect(),
            contract: workers
                .iter()
                .map(|(target, token)| get(&format!("/v1/contracts/{}", ContractId::from_uuid(target.contract)), token))
                .collect(),
            known: workers.iter().map(|(_, token)| get(ONE, token)).collect(),
            unknown: vec![load::request("GET", ONE, None, None, "")],
            null: workers.iter().map(|(_, token)| get(NULL, token)).collect(),
            ledger: targets
                .iter()
                .map(|target| get("/v1/me/ledger-entries", &token(&app, target.client, target.client_session)))
                .collect(),
            accepts: targets.iter().map(|target| acceptance(&app, target)).collect(),
            targets,
        }
    }

    /// Acceptances for as many connections, each with as many of its own.
    fn split(&self, connections: usize, each: usize) -> Vec<Vec<Vec<u8>>> {
        self.accepts.chunks(each).take(connections).map(<[_]>::to_vec).collect()
    }
}

fn acceptance(app: &App, target: &Target) -> Vec<u8> {
    let path = format!("/v1/milestones/{}/accept", MilestoneId::from_uuid(target.milestone));
    let body = format!("{{\"delivery_id\":\"{}\"}}", DeliveryId::from_uuid(target.delivery));
    let token = token(app, target.client, target.client_session);
    load::request("POST", &path, Some(&token), Some(&target.milestone.simple().to_string()), &body)
}

fn token(app: &App, member: Uuid, session: Uuid) -> String {
    let claims = Claims::own(MemberId::from_uuid(member), SessionId::from_uuid(session));
    app.tokens.issue(claims, clock::real_now()).expect("a token")
}
