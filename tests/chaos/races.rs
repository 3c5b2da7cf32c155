//! Two replicas, and all that may end a milestone at once: acceptance, automatic acceptance, cancellation, dispute, and
//! a payout of what comes out. Exactly one of them wins, while a reader finds every total right at every moment. On
//! PostgreSQL alone, which is what several replicas share.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    books::Books,
    members::{Answer, Market, Member},
    patience::{LONG, until},
    replica::Replica,
    stage::sized,
    table::Row,
};
use crate::harness::{
    Database, Engine,
    client::fresh_key,
    deals::text,
    market::{job_post, offer, yen},
};

/// How many milestones are delivered before the clock is set to their automatic acceptance.
const BATCH: usize = 20;

const PRICE: i64 = 10_000;

/// Two replicas of one marketplace, each reached by itself.
struct Pair {
    both: Market,
    each: [Market; 2],
    client: Member,
    worker: Member,
}

/// A delivered milestone, its delivery, and a request to cancel its contract.
struct Delivered {
    milestone: String,
    delivery: String,
    auto_accept_at: DateTime<Utc>,
    request: Option<String>,
}

/// What races for a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rival {
    Accept,
    Consent,
    Dispute,
}

/// Against whom: with the clock, always one more joins in.
const RIVALS: [[Rival; 2]; 5] = [
    [Rival::Accept, Rival::Accept],
    [Rival::Accept, Rival::Consent],
    [Rival::Accept, Rival::Dispute],
    [Rival::Consent, Rival::Dispute],
    [Rival::Consent, Rival::Consent],
];

impl Pair {
    fn of(replicas: &[Replica; 2]) -> Self {
        let urls = replicas.each_ref().map(Replica::url);
        let both = Market::of(urls.to_vec());
        let (client, worker) = (both.join("client"), both.join_with_bank("worker"));
        Self { both, each: urls.map(|url| Market::of(vec![url])), client, worker }
    }

    fn act(&self, who: &Member, path: &str, body: Value) -> Value {
        self.both.act(who, "prepare", path, body, |_| Vec::new())
    }

    fn delivered(&self, with_request: bool) -> Delivered {
        let job = text(&self.act(&self.client, "/v1/jobs", job_post())["id"]);
        let proposal = text(&self.act(&self.worker, &format!("/v1/jobs/{job}/proposals"), offer(&[PRICE]))["id"]);
        let contract = self.act(&self.client, &format!("/v1/proposals/{proposal}/accept"), json!({"round": 1}));
        let (contract, milestone) = (text(&contract["id"]), text(&contract["milestones"][0]["id"]));
        let on = |who: &Member, action: &str, body: Value| {
            self.act(who, &format!("/v1/milestones/{milestone}/{action}"), body)
        };
        let funding = on(&self.client, "start-funding", json!({"method": "card"}));
        if let Some(payment) = funding["payments"][0]["id"].as_str() {
            self.act(&self.client, &format!("/v1/payments/{payment}/pay"), json!({"card_token": "tok_succeeds"}));
        }
        let delivered = on(&self.worker, "deliver", json!({"message": "Here."}));
        let (delivery, auto_accept_at) = (text(&delivered["delivery_id"]), text(&delivered["auto_accept_at"]));
        let auto_accept_at = auto_accept_at.parse().unwrap();
        let request = with_request.then(|| {
            let shares = json!([{"milestone_id": milestone, "worker_share": yen(PRICE / 2)}]);
            let ask = format!("/v1/contracts/{contract}/cancellation-requests");
            text(&self.act(&self.client, &ask, json!({"reason": "Our plans changed.", "shares": shares}))["id"])
        });
        Delivered { milestone, delivery, auto_accept_at, request }
    }

    fn rival(&self, market: &Market, rival: Rival, work: &Delivered) -> Option<Answer> {
        let Delivered { milestone, delivery, request, .. } = work;
        let (who, path, body) = match rival {
            Rival::Accept => {
                (&self.client, format!("/v1/milestones/{milestone}/accept"), json!({"delivery_id": delivery}))
            }
            Rival::Consent => {
                let request = request.as_ref().unwrap();
                (&self.worker, format!("/v1/cancellation-requests/{request}/consent"), Value::Null)
            }
            Rival::Dispute => {
                let claim = json!({"reason": "not_as_agreed", "claim": "Half of it is missing."});
                (&self.client, format!("/v1/milestones/{milestone}/dispute"), claim)
            }
        };
        let token = who.token.lock().unwrap().clone();
        let key = fresh_key();
        // Whoever could not be served just now asks again, with the same key.
        super::patience::within(LONG, || {
            market.once(Method::POST, &path, Some(&token), Some(&key), &body).filter(|answer| answer.status != 503)
        })
    }

    /// Two rivals at once, one on each replica; answers which of them heard of a success.
    fn race(&self, rivals: [Rival; 2], work: &Delivered) -> Vec<Rival> {
        let answers = thread::scope(|scope| {
            let [first, second] =
                [0, 1].map(|place| scope.spawn(move || self.rival(&self.each[place], rivals[place], work)));
            [first.join().unwrap().unwrap(), second.join().unwrap().unwrap()]
        });
        answers.iter().for_each(|answer| {
            assert!(answer.status < 300 || answer.status == 409, "{} {}", answer.status, answer.body);
        });
        rivals.into_iter().zip(answers).filter(|(_, answer)| answer.status < 300).map(|(rival, _)| rival).collect()
    }

    /// The worker asks for a bit of the earnings on each replica at once: as much as there is goes, and no more.
    fn race_payouts(&self) {
        let token = self.worker.token.lock().unwrap().clone();
        let before = self.both.read(&self.worker, "/v1/me/balance")["earnings"]["amount"].as_i64().unwrap();
        if before < 1_600 {
            return;
        }
        let amount = (before * 3 / 4 - 500).max(1_000);
        let body = json!({"kind": "quick", "amount": yen(amount), "bank_account_version": 1});
        thread::scope(|scope| {
            for market in &self.each {
                scope.spawn(|| market.once(Method::POST, "/v1/payouts", Some(&token), Some(&fresh_key()), &body));
            }
        });
    }
}

/// Looks at the totals every 100 ms until told to stop; answers how often.
fn watch(books: &Books, stop: &AtomicBool, looks: &AtomicUsize) {
    while !stop.load(Ordering::Relaxed) {
        assert_eq!(books.total(), 0, "the books do not add up");
        assert_eq!(books.drift(), Vec::<String>::new(), "a balance is not the sum of its postings");
        looks.fetch_add(1, Ordering::Relaxed);
        thread::park_timeout(Duration::from_millis(100));
    }
}

/// Every milestone ended once, in the way somebody was told of, and its money went there.
fn check_outcomes(books: &Books, told: &[(String, Option<Rival>)]) -> [usize; 4] {
    let mut ways = [0; 4];
    for (milestone, winner) in told {
        let kinds = books.texts(&format!("SELECT kind AS text FROM events WHERE subject = '{milestone}'"));
        let times = |kind: &str| kinds.iter().filter(|known| *known == kind).count();
        let ends = [
            times("milestone.accepted"),
            times("milestone.settled"),
            times("milestone.disputed"),
            times("milestone.auto_accepted"),
        ];
        assert_eq!(ends.iter().sum::<usize>(), 1, "{milestone} ended by {kinds:?}");
        let way = ends.iter().position(|times| *times == 1).unwrap();
        let expected = winner.map_or(3, |winner| match winner {
            Rival::Accept => 0,
            Rival::Consent => 1,
            Rival::Dispute => 2,
        });
        assert_eq!(way, expected, "{milestone}: {winner:?} was told of a success, and {kinds:?} happened");
        let escrow = times("escrow.released") + times("escrow.split");
        assert_eq!(escrow, usize::from(way != 2), "{milestone} is disputed and paid, or neither: {kinds:?}");
        ways[way] += 1;
    }
    ways
}

#[test]
fn exactly_one_of_those_who_race_on_two_replicas_wins() {
    let pairs = sized(60, 1_000);
    let row = Row::of("races on two replicas, a reader every 100 ms, Postgres");
    let database = Database::create(Engine::Postgres);
    let replicas = [Replica::start(&database.url), Replica::start(&database.url)];
    let pair = Pair::of(&replicas);
    let books = Books { engine: Engine::Postgres, url: database.url.clone() };
    let (stop, looks) = (AtomicBool::new(false), AtomicUsize::new(0));
    let told = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&books, &stop, &looks));
        let told = run(&pair, pairs);
        stop.store(true, Ordering::Relaxed);
        watcher.join().unwrap();
        told
    });
    until("every event has its number", LONG, || (books.unnumbered() == 0).then_some(()));
    let ways = check_outcomes(&books, &told);
    assert_eq!(books.findings(), Vec::<String>::new());
    let verified =
        crate::harness::program::command(&["ledger", "verify", "--database-url", &books.url]).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let [accepted, settled, disputed, automatic] = ways;
    assert!(ways.iter().all(|times| *times > 0), "not everybody has won: {ways:?}");
    let looks = looks.load(Ordering::Relaxed);
    assert!(looks > 5, "the reader looked {looks} times only");
    let tail = format!(
        "{accepted} accepted, {settled} canceled, {disputed} disputed, {automatic} by the clock; {looks} looks"
    );
    row.pass(&format!("{} races: {tail}", told.len()), pair.both.journal.count());
}

/// Batches of delivered milestones, each raced for; in every second batch the clock joins in.
fn run(pair: &Pair, pairs: usize) -> Vec<(String, Option<Rival>)> {
    let mut told = Vec::new();
    while told.len() < pairs {
        let count = BATCH.min(pairs - told.len());
        let rivals = |number: usize| RIVALS[number % RIVALS.len()];
        let prepare = |number: usize| pair.delivered(rivals(number).contains(&Rival::Consent));
        let works: Vec<Delivered> = thread::scope(|scope| {
            let begun: Vec<_> = (0..count).map(|number| scope.spawn(move || prepare(number))).collect();
            begun.into_iter().map(|work| work.join().unwrap()).collect()
        });
        let with_clock = (told.len() / BATCH) % 2 == 1;
        let dues = || works.iter().map(|work| work.auto_accept_at);
        let (first, last) = (dues().min().unwrap(), dues().max().unwrap());
        if with_clock {
            pair.both.advance(first - TimeDelta::seconds(5));
        }
        let race = |number: usize, work: &Delivered| {
            // Some come before the clock, some when it is on its way through them, and some when it is there.
            let moment = [None, Some(first), Some(work.auto_accept_at)][number % 3];
            if let Some(moment) = moment.filter(|_| with_clock) {
                until("the clock is there", LONG, || (pair.both.now() >= moment).then_some(()));
            }
            pair.race(rivals(number), work)
        };
        let race = &race;
        let winners: Vec<Vec<Rival>> = thread::scope(|scope| {
            let clock = with_clock.then(|| scope.spawn(|| pair.each[0].advance(last + TimeDelta::seconds(5))));
            let begun: Vec<_> =
                works.iter().enumerate().map(|(number, work)| scope.spawn(move || race(number, work))).collect();
            pair.race_payouts();
            let winners = begun.into_iter().map(|winners| winners.join().unwrap()).collect();
            clock.into_iter().for_each(|clock| clock.join().unwrap());
            winners
        });
        for (work, winners) in works.into_iter().zip(winners) {
            assert!(
                winners.len() <= 1 && (with_clock || winners.len() == 1),
                "{} was told of {winners:?}",
                work.milestone
            );
            told.push((work.milestone, winners.first().copied()));
        }
    }
    told
}
