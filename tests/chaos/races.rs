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
    books::{Books, Facts, compare, count},
    journal::event,
    load::{CANCELED_SHARE, Deal, Round, quick_payout},
    members::{Answer, Market, Member},
    patience::{LONG, until, within},
    replica::Replica,
    stage::{Ground, sized},
    table::Row,
    verdict::{Verdict, unsound},
};
use crate::harness::{Engine, client::fresh_key, deals::text, market::yen};

/// How many milestones are delivered before the clock is set to their automatic acceptance.
const BATCH: usize = 20;

/// The least that is paid out at once.
const LITTLE: i64 = 1_000;

/// Two replicas of one marketplace, each reached by itself.
struct Pair {
    both: Market,
    each: [Market; 2],
    client: Member,
    worker: Member,
}

/// A delivered milestone, its delivery, and a request to cancel its contract.
struct Delivered {
    deal: Deal,
    delivery: String,
    auto_accept_at: DateTime<Utc>,
    request: Option<String>,
}

/// What may end a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rival {
    Accept,
    Consent,
    Dispute,
    Clock,
}

/// Who races: with the clock, always one more joins in.
const RIVALS: [[Rival; 2]; 5] = [
    [Rival::Accept, Rival::Accept],
    [Rival::Accept, Rival::Consent],
    [Rival::Accept, Rival::Dispute],
    [Rival::Consent, Rival::Dispute],
    [Rival::Consent, Rival::Consent],
];

/// How a milestone ended, as somebody was told, or else the clock; and what else was told meanwhile.
struct Outcome {
    winner: Rival,
    /// What must be in the books then.
    facts: Vec<String>,
}

impl Pair {
    fn of(replicas: &[Replica; 2]) -> Self {
        let urls = replicas.each_ref().map(Replica::url);
        let both = Market::of(urls.to_vec());
        let (client, worker) = (both.join("client"), both.join_with_bank("worker"));
        Self { both, each: urls.map(|url| Market::of(vec![url])), client, worker }
    }

    fn round(&self, number: usize) -> Round<'_> {
        Round { market: &self.both, client: &self.client, worker: &self.worker, number }
    }

    fn delivered(&self, number: usize, with_request: bool) -> Delivered {
        let round = self.round(number);
        let deal = round.fund(round.sign());
        let delivered = round.deliver(&deal);
        let auto_accept_at = text(&delivered["auto_accept_at"]).parse().unwrap();
        let request = with_request.then(|| round.ask_to_cancel(&deal));
        Delivered { delivery: text(&delivered["delivery_id"]), deal, auto_accept_at, request }
    }

    /// Whoever could not be served just now asks again, with the same key. It succeeds, or others were faster.
    fn ask(&self, place: usize, who: &Member, path: &str, body: &Value) -> Option<Value> {
        let (token, key) = (who.token.lock().unwrap().clone(), fresh_key());
        let ask = || self.each[place].once(Method::POST, path, Some(&token), Some(&key), body);
        let Answer { status, body, .. } = within(LONG, || ask().filter(|answer| answer.status != 503)).unwrap();
        assert!((200..300).contains(&status) || status == 409, "{path}: {status} {body}");
        (status < 300).then_some(body)
    }

    fn rival(&self, place: usize, rival: Rival, work: &Delivered) -> Option<Outcome> {
        let Delivered { deal, delivery, request, .. } = work;
        let on = |action: &str| format!("/v1/milestones/{}/{action}", deal.milestone);
        let answer = match rival {
            Rival::Accept => self.ask(place, &self.client, &on("accept"), &json!({"delivery_id": delivery})),
            Rival::Consent => {
                let path = format!("/v1/cancellation-requests/{}/consent", request.as_ref().unwrap());
                self.ask(place, &self.worker, &path, &Value::Null)
            }
            Rival::Dispute => {
                let claim = json!({"reason": "not_as_agreed", "claim": "Half of it is missing."});
                self.ask(place, &self.client, &on("dispute"), &claim)
            }
            Rival::Clock => panic!("the clock is set, and not asked"),
        }?;
        Some(self.outcome(rival, work, &answer))
    }

    /// What must be there when this one has won.
    fn outcome(&self, winner: Rival, work: &Delivered, answer: &Value) -> Outcome {
        let (round, milestone) = (self.round(0), &work.deal.milestone);
        let (end, parted) = match winner {
            Rival::Accept => ("milestone.accepted", round.parted(&work.deal, work.deal.amount)),
            Rival::Clock => ("milestone.auto_accepted", round.parted(&work.deal, work.deal.amount)),
            Rival::Consent => ("milestone.settled", round.parted(&work.deal, CANCELED_SHARE)),
            Rival::Dispute => ("milestone.disputed", vec![event("dispute.opened", &text(&answer["id"]))]),
        };
        Outcome { winner, facts: [parted, vec![event(end, milestone)]].concat() }
    }

    /// Two rivals at once, one on each replica, while the worker asks for some of the earnings; answers which of them
    /// heard of a success.
    fn race(&self, number: usize, rivals: [Rival; 2], work: &Delivered) -> Vec<Outcome> {
        let answers = thread::scope(|scope| {
            let asked = [0, 1].map(|place| scope.spawn(move || self.rival(place, rivals[place], work)));
            self.pay_out(number % 2, LITTLE);
            asked.map(|asked| asked.join().unwrap())
        });
        answers.into_iter().flatten().collect()
    }

    fn pay_out(&self, place: usize, amount: i64) {
        let body = json!({"kind": "quick", "amount": yen(amount), "bank_account_version": 1});
        if let Some(payout) = self.ask(place, &self.worker, "/v1/payouts", &body) {
            self.both.journal.promise(quick_payout(&self.worker, &payout));
        }
    }

    /// The worker asks for most of the earnings on each replica at once: as much as there is goes, and no more.
    fn race_payouts(&self) {
        let earned = self.both.read(&self.worker, "/v1/me/balance")["earnings"]["amount"].as_i64().unwrap();
        let amount = (earned * 3 / 4 - 500).max(LITTLE);
        thread::scope(|scope| [0, 1].map(|place| scope.spawn(move || self.pay_out(place, amount))).map(drop));
    }
}

/// Tells others to stop when it goes away, also by a panic.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
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

/// Whether a fact tells how something that was raced for has ended: all entries that move the money of a milestone or pay
/// somebody out at once, and the events of these and of the ends of milestones. What the clock does later is none of them.
fn was_raced_for(fact: &str) -> bool {
    let mut words = fact.split(' ');
    let (what, kind) = (words.next().unwrap(), words.next().unwrap());
    match what {
        "entry" => kind.starts_with("escrow_") || kind.starts_with("quick_payout_"),
        "event" => {
            let ends = ["accepted", "settled", "disputed", "auto_accepted", "ruled", "canceled"];
            kind.strip_prefix("milestone.").is_some_and(|end| ends.contains(&end))
                || ["escrow.", "contract.ended", "dispute.opened", "payout.quick_requested"]
                    .iter()
                    .any(|prefix| kind.starts_with(prefix))
        }
        _ => false,
    }
}

/// Every milestone ended once, in the way somebody was told of, and its money went there, to the yen; and so did what was
/// paid out.
fn judge(pair: &Pair, books: &Books, outcomes: &[Outcome]) -> Verdict {
    let raced = |facts: Facts| facts.into_iter().filter(|(fact, _)| was_raced_for(fact)).collect::<Facts>();
    let won = outcomes.iter().flat_map(|outcome| outcome.facts.iter().cloned());
    let promised = raced(count(won.chain(pair.both.journal.promises())));
    let difference = compare(&promised, &raced(books.facts()));
    let mut kinds = pair.both.journal.kinds();
    kinds.insert("win a race", outcomes.len());
    Verdict {
        kinds,
        lost: pair.both.journal.unexpected.lock().unwrap().clone(),
        doubled: difference.doubled,
        absent: difference.absent,
        wrong: books.findings().into_iter().chain(unsound(books)).collect(),
    }
}

#[test]
fn exactly_one_of_those_who_race_on_two_replicas_wins() {
    let pairs = sized(60, 1_000);
    let row = Row::of("races on two replicas, a reader every 100 ms, Postgres");
    let ground = Ground::of(Engine::Postgres);
    let books = Books { engine: Engine::Postgres, url: ground.url() };
    let replicas = [Replica::start(&books.url), Replica::start(&books.url)];
    let pair = Pair::of(&replicas);
    let (stop, looks) = (AtomicBool::new(false), AtomicUsize::new(0));
    let outcomes = thread::scope(|scope| {
        scope.spawn(|| watch(&books, &stop, &looks));
        let _stop = Stop(&stop);
        run(&pair, pairs)
    });
    until("every event has its number", LONG, || (books.unnumbered() == 0).then_some(()));
    let verdict = judge(&pair, &books, &outcomes);
    let won = |rival| outcomes.iter().filter(|outcome| outcome.winner == rival).count();
    let ways = [Rival::Accept, Rival::Consent, Rival::Dispute, Rival::Clock].map(won);
    assert!(ways.iter().all(|times| *times > 0), "not everybody has won: {ways:?}");
    let [accepted, settled, disputed, automatic] = ways;
    let payouts = pair.both.journal.promises().iter().filter(|fact| fact.starts_with("event payout.")).count();
    assert!(payouts > pairs / 2, "only {payouts} payouts raced with {pairs} pairs");
    let looks = looks.load(Ordering::Relaxed);
    assert!(looks > 5, "the reader looked {looks} times only");
    let ways = format!("{accepted} accepted, {settled} canceled, {disputed} disputed, {automatic} by the clock");
    row.judge(&format!("{} races: {ways}; {payouts} payouts; {looks} looks", outcomes.len()), &verdict);
}

/// Batches of delivered milestones, each raced for; in every second batch the clock joins in.
fn run(pair: &Pair, pairs: usize) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    while outcomes.len() < pairs {
        let begun = outcomes.len();
        let count = BATCH.min(pairs - begun);
        let rivals = |number: usize| RIVALS[number % RIVALS.len()];
        let prepare = |number: usize| pair.delivered(begun + number, rivals(number).contains(&Rival::Consent));
        let works: Vec<Delivered> = thread::scope(|scope| {
            let begun: Vec<_> = (0..count).map(|number| scope.spawn(move || prepare(number))).collect();
            begun.into_iter().map(|work| work.join().unwrap()).collect()
        });
        let with_clock = (begun / BATCH) % 2 == 1;
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
            pair.race(number, rivals(number), work)
        };
        let race = &race;
        let winners: Vec<Vec<Outcome>> = thread::scope(|scope| {
            let clock = with_clock.then(|| scope.spawn(|| pair.each[0].advance(last + TimeDelta::seconds(5))));
            let begun: Vec<_> =
                works.iter().enumerate().map(|(number, work)| scope.spawn(move || race(number, work))).collect();
            pair.race_payouts();
            let winners = begun.into_iter().map(|winners| winners.join().unwrap()).collect();
            clock.into_iter().for_each(|clock| clock.join().unwrap());
            winners
        });
        for (work, mut winners) in works.into_iter().zip(winners) {
            let told: Vec<Rival> = winners.iter().map(|outcome| outcome.winner).collect();
            let milestone = &work.deal.milestone;
            assert!(told.len() <= 1 && (with_clock || told.len() == 1), "{milestone} was told of {told:?}");
            outcomes.push(winners.pop().unwrap_or_else(|| pair.outcome(Rival::Clock, &work, &Value::Null)));
        }
    }
    outcomes
}
