//! A marketplace in full swing: open jobs, and contracts whose first milestone waits for the client.

use std::sync::Arc;

use api::{
    config::{Flags, Settings},
    context::Context,
    locale::Locale,
    password,
    problem::Problem,
    startup,
    state::App,
    usecases::{
        access::{self, Registration},
        contract,
        job::{self, Start},
        milestone::{self, Handover},
        payment::{self as payments, CardToken},
        platform, proposal,
        session::{self, Device},
    },
};
use domain::{
    actor::Actor,
    calendar::{plus_days, tokyo_date},
    category::Category,
    ids::{DeliveryId, MemberId, MilestoneId},
    job::{JobLength, NewJob},
    member::MemberKind,
    money::{Currency, Money},
    password::Password,
    payment::PaymentMethod,
    policy::Role,
    proposal::Round,
    terms::{FundedAhead, MilestoneTerms, Terms},
};
use persistence::{
    payment,
    store::{Intent, Tx},
};

/// The price of a milestone, in yen. A contract has two, and the first is delivered.
pub const AMOUNT: i64 = 10_000;

/// What everybody logs in with.
pub const PASSWORD: &str = "correct horse battery staple";

/// How many contracts are made in one transaction.
const BATCH: usize = 200;

type Person = MemberId;

/// Fills an empty database with as many contracts, and says in whose name tokens are then made.
pub fn fill(url: &str, contracts: usize) {
    let app = open(url);
    let people = (contracts / 20).clamp(2, 1_000);
    let (clients, workers) = (join(&app, "client", people), join(&app, "worker", people));
    let pairs: Vec<(Person, Person)> =
        (0..contracts).map(|n| (clients[n % people], workers[(n / people + n) % people])).collect();
    for some in pairs.chunks(BATCH) {
        write(&app, some.to_vec(), |tx, cx, pairs| {
            pairs.iter().try_for_each(|(client, worker)| deliver(tx, cx, *client, *worker).map(drop))
        });
    }
    // So that every worker has the account that earnings go to, as after the first month of a marketplace.
    let firsts = (0..people).map(|n| (clients[n], workers[n])).collect();
    write(&app, firsts, |tx, cx, pairs| {
        pairs.iter().try_for_each(|(client, worker)| {
            let (milestone, delivery) = deliver(tx, cx, *client, *worker)?;
            milestone::accept(tx, &acting(cx, *client), milestone, delivery).map(drop)
        })
    });
    platform::number_events(&app).expect("events are numbered");
}

/// The application on a database, for what is done beside the program.
pub fn open(url: &str) -> Arc<App> {
    let environment = [("AZUKARI_DATABASE_URL", url), ("AZUKARI_PUBLIC_URL", crate::server::PUBLIC_URL)];
    let owned = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    startup::open(Settings::read(&Flags::default(), owned).expect("settings")).expect("a database")
}

/// The hash of everybody's password.
pub fn hash() -> String {
    let chosen = Password::choose(PASSWORD, false, &[]).expect("a good password");
    password::hash(&chosen).expect("a hash")
}

/// Runs use cases in one transaction.
fn write<T: Send + 'static>(
    app: &Arc<App>,
    pairs: Vec<(Person, Person)>,
    work: impl Fn(&mut Tx<'_>, &Context, &[(Person, Person)]) -> Result<T, Problem> + Send + 'static,
) -> T {
    let now = platform::market_now(app).expect("the clock");
    let inner = app.clone();
    let done = app.store.write(Intent::Keep, move |tx| work(tx, &Context::system(inner.clone(), now), &pairs));
    done.expect("the use cases of the seed")
}

fn acting(cx: &Context, person: Person) -> Context {
    Context::system(cx.app.clone(), cx.now).acting_as(Some(Actor::Member(person)))
}

fn join(app: &Arc<App>, name: &str, people: usize) -> Vec<Person> {
    let name = name.to_owned();
    let password_hash = hash();
    write(app, Vec::new(), move |tx, cx, _| {
        let joined = (0..people).map(|n| {
            let form = Registration {
                email: format!("{name}{n}@bench.example"),
                display_name: format!("{name} {n}"),
                kind: MemberKind::Individual,
                username: None,
                password_hash: Some(password_hash.clone()),
                locale: Locale::En,
            };
            let member = access::create_confirmed(tx, cx, Role::Member, &form)?.id;
            session::log_in(tx, cx, member, &Device { label: "bench".to_owned(), token: None })?;
            Ok(member)
        });
        joined.collect::<Result<Vec<_>, Problem>>()
    })
}

/// The road from a posted job to a delivery, by the use cases that requests take.
fn deliver(
    tx: &mut Tx<'_>,
    cx: &Context,
    client: Person,
    worker: Person,
) -> Result<(MilestoneId, DeliveryId), Problem> {
    let (by_client, by_worker) = (acting(cx, client), acting(cx, worker));
    let job = job::post(tx, &by_client, new_job(), Start::Open)?.job.id;
    let message = "I can begin on Monday.".to_owned();
    let offered = proposal::submit(tx, &by_worker, job, Round { terms: terms(cx)?, message })?;
    let work = contract::sign(tx, &by_client, offered.id, 1)?;
    let milestone = work.course()[0].0;
    milestone::start_funding(tx, &by_client, milestone, PaymentMethod::Card)?;
    let pending = payment::lock_pending(tx, milestone)?.ok_or_else(Problem::not_found)?;
    payments::charge(tx, &by_client, pending.id, CardToken::Succeeds)?;
    let handover = Handover { message: "Here it is.".to_owned(), links: Vec::new() };
    let work = milestone::deliver(tx, &by_worker, milestone, handover)?;
    let delivery = work.milestone(milestone)?.milestone.delivery.ok_or_else(Problem::not_found)?;
    Ok((milestone, delivery))
}

fn new_job() -> NewJob {
    NewJob {
        title: "Translate ten product pages".to_owned(),
        description: "About 3,000 characters of Japanese into natural English. ".repeat(10),
        category: Category::Translation,
        budget_min: None,
        budget_max: None,
        currency: Currency::Jpy,
        length: JobLength::OneOff,
    }
}

fn terms(cx: &Context) -> Result<Terms, Problem> {
    let due = |weeks: u64| plus_days(tokyo_date(cx.now), 7 * weeks);
    let milestone = |part: u64| {
        let amount = Money::new(AMOUNT, Currency::Jpy)?;
        Ok(MilestoneTerms { title: format!("Part {part}"), amount, due_on: due(part) })
    };
    Ok(Terms {
        milestones: (1..=2).map(milestone).collect::<Result<_, Problem>>()?,
        acceptance_days: cx.app.rules.acceptance_days,
        revision_limit: cx.app.rules.revision_limit,
        funded_ahead: FundedAhead::Current,
        termination_fee: None,
    })
}
