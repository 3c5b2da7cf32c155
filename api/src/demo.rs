//! A believable marketplace to try things on: `azukari demo`.

use std::sync::Arc;

use domain::{
    actor::Actor,
    calendar::{plus_days, tokyo_date},
    category::Category,
    ids::{JobId, MemberId, MilestoneId, ProposalId},
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
    member, payment,
    store::{Intent, Tx},
};

use crate::{
    config::Mode,
    context::Context,
    locale::Locale,
    password,
    problem::{Code, Problem},
    state::App,
    usecases::{
        access::{self, Registration},
        contract,
        job::{self, Start},
        milestone::{self, Handover},
        payment::{self as payments, CardToken},
        platform, proposal,
        session::{self, Device, TokenPair},
        work::Work,
    },
};

/// The password of everybody in the demo.
pub const PASSWORD: &str = "correct horse battery staple";

/// Somebody in the demo, with a token to act as them.
#[derive(Debug)]
pub struct Person {
    /// What they are called.
    pub name: &'static str,
    /// The address they log in with.
    pub email: String,
    /// Good for 15 minutes.
    pub tokens: TokenPair,
}

/// A client, a job of theirs, and what became of it.
struct Scene {
    client: usize,
    title: &'static str,
    description: &'static str,
    category: Category,
    /// The worker who proposed, and the milestones' amounts.
    offer: Option<(usize, &'static [i64])>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    Signed,
    AwaitingTransfer,
    Funded,
    Delivered,
    Accepted,
}

const PEOPLE: [(&str, MemberKind); 6] = [
    ("Yamada Tea Shop", MemberKind::Company),
    ("Sato Hanako", MemberKind::Individual),
    ("Studio Kumo", MemberKind::Company),
    ("Suzuki Ken", MemberKind::Individual),
    ("Tanaka Yui", MemberKind::Individual),
    ("Ito Sora", MemberKind::Individual),
];

const SCENES: [Scene; 8] = [
    Scene {
        client: 0,
        title: "商品ページの英訳（約3,000字）",
        description: "お茶の通販サイトの商品ページ10点を自然な英語に翻訳してください。",
        category: Category::Translation,
        offer: Some((3, &[30_000])),
        stage: Stage::Accepted,
    },
    Scene {
        client: 0,
        title: "Label design for a new tea",
        description: "Three drafts, one final label, print-ready.",
        category: Category::Design,
        offer: Some((4, &[50_000, 30_000])),
        stage: Stage::Delivered,
    },
    Scene {
        client: 2,
        title: "予約サイトのフロントエンド開発",
        description: "デザインカンプから予約画面を実装してください。三段階で納品します。",
        category: Category::WebDevelopment,
        offer: Some((5, &[120_000, 180_000, 100_000])),
        stage: Stage::Funded,
    },
    Scene {
        client: 2,
        title: "Photographs of a gallery opening",
        description: "One evening in Kyoto, about 60 edited pictures.",
        category: Category::Photography,
        offer: Some((4, &[40_000])),
        stage: Stage::AwaitingTransfer,
    },
    Scene {
        client: 1,
        title: "個人ブログの記事執筆（5本）",
        description: "旅行記事を5本、各2,000字程度。",
        category: Category::Writing,
        offer: Some((3, &[25_000])),
        stage: Stage::Signed,
    },
    Scene {
        client: 1,
        title: "Edit a ten-minute travel video",
        description: "Cut, colour, subtitles in Japanese and English.",
        category: Category::Video,
        offer: Some((5, &[35_000])),
        stage: Stage::Open,
    },
    Scene {
        client: 0,
        title: "Type 500 order slips into a spreadsheet",
        description: "Scanned slips, a template is provided.",
        category: Category::DataEntry,
        offer: None,
        stage: Stage::Open,
    },
    Scene {
        client: 2,
        title: "SNS運用の相談",
        description: "月に一度、オンラインで助言をお願いします。",
        category: Category::Marketing,
        offer: None,
        stage: Stage::Open,
    },
];

/// Why nothing was filled, in one line.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Invented people have no place among real ones.
    #[error("the demo fills a sandbox, and this is none")]
    NoSandbox,
    /// It is there already.
    #[error(
        "this sandbox holds the demo already: log in as {email} with the password {PASSWORD:?}; nothing was changed"
    )]
    Filled {
        /// One of its people.
        email: String,
    },
    /// Anything else.
    #[error("the demo could not be filled: {}", .0.told())]
    Failed(#[from] Problem),
}

/// Fills a sandbox: people, jobs, proposals and contracts at every stage.
///
/// # Errors
/// Not a sandbox, or filled before.
pub fn fill(app: &Arc<App>) -> Result<Vec<Person>, DemoError> {
    if app.settings.mode != Mode::Sandbox {
        return Err(DemoError::NoSandbox);
    }
    let known: Vec<String> = PEOPLE.iter().map(|(name, _)| email_of(name)).collect();
    for email in known {
        let looked_for = email.clone();
        if app.store.read(move |conn| member::by_email(conn, &looked_for)).map_err(Problem::from)?.is_some() {
            return Err(DemoError::Filled { email });
        }
    }
    let hash = password::hash(&Password::choose(PASSWORD, false, &[]).map_err(Problem::from)?)?;
    let people = PEOPLE.iter().map(|(name, kind)| join(app, name, *kind, &hash)).collect::<Result<Vec<_>, _>>()?;
    let members: Vec<MemberId> = people.iter().map(|person| person.tokens.member).collect();
    for scene in &SCENES {
        play(app, scene, &members)?;
    }
    Ok(people)
}

/// Runs one use case as a member, or as nobody, in a transaction of its own.
fn run<T: Send + 'static>(
    app: &Arc<App>,
    member: Option<MemberId>,
    work: impl Fn(&mut Tx<'_>, &Context) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let now = platform::market_now(app)?;
    let inner = app.clone();
    app.store.write(Intent::Keep, move |tx| {
        work(tx, &Context::system(inner.clone(), now).acting_as(member.map(Actor::Member)))
    })
}

fn email_of(name: &str) -> String {
    format!("{}@demo.example", name.to_lowercase().replace(' ', "."))
}

fn join(app: &Arc<App>, name: &'static str, kind: MemberKind, hash: &str) -> Result<Person, Problem> {
    let email = email_of(name);
    let form = Registration {
        email: email.clone(),
        display_name: name.to_owned(),
        kind,
        username: None,
        password_hash: Some(hash.to_owned()),
        locale: Locale::Ja,
    };
    let tokens = run(app, None, move |tx, cx| {
        let member = access::create_confirmed(tx, cx, Role::Member, &form)?;
        let device = Device { label: "azukari demo".to_owned(), token: None };
        session::log_in(tx, cx, member.id, &device)
    })?;
    Ok(Person { name, email, tokens })
}

fn play(app: &Arc<App>, scene: &Scene, members: &[MemberId]) -> Result<(), Problem> {
    let broken = || Problem::new(Code::Internal);
    let client = *members.get(scene.client).ok_or_else(broken)?;
    let new = NewJob {
        title: scene.title.to_owned(),
        description: scene.description.to_owned(),
        category: scene.category,
        budget_min: None,
        budget_max: None,
        currency: Currency::Jpy,
        length: JobLength::OneOff,
    };
    let job = run(app, Some(client), move |tx, cx| job::post(tx, cx, new.clone(), Start::Open))?.job.id;
    let Some((worker, amounts)) = scene.offer else { return Ok(()) };
    let worker = *members.get(worker).ok_or_else(broken)?;
    let offered = propose(app, worker, job, amounts)?;
    if scene.stage == Stage::Open {
        return Ok(());
    }
    let work = run(app, Some(client), move |tx, cx| contract::sign(tx, cx, offered, 1))?;
    let first = work.course().first().map(|(id, _)| *id).ok_or_else(broken)?;
    carry_on(app, scene.stage, (client, worker), first)
}

fn propose(app: &Arc<App>, worker: MemberId, job: JobId, amounts: &'static [i64]) -> Result<ProposalId, Problem> {
    run(app, Some(worker), move |tx, cx| {
        let due = |step: u64| plus_days(tokyo_date(cx.now), 14 * step);
        let milestone = |(step, amount): (u64, &i64)| {
            let amount = Money::new(*amount, Currency::Jpy)?;
            Ok(MilestoneTerms { title: format!("Part {step}"), amount, due_on: due(step) })
        };
        let terms = Terms {
            milestones: (1..).zip(amounts).map(milestone).collect::<Result<_, Problem>>()?,
            acceptance_days: cx.app.rules.acceptance_days,
            revision_limit: cx.app.rules.revision_limit,
            funded_ahead: FundedAhead::Current,
            termination_fee: None,
        };
        let message = "経験があります。ぜひお任せください。".to_owned();
        Ok(proposal::submit(tx, cx, job, Round { terms, message })?.id)
    })
}

/// Carries a signed contract on to the stage of its scene.
fn carry_on(
    app: &Arc<App>,
    stage: Stage,
    (client, worker): (MemberId, MemberId),
    first: MilestoneId,
) -> Result<(), Problem> {
    if stage >= Stage::AwaitingTransfer {
        let transfer = stage == Stage::AwaitingTransfer;
        let method = if transfer { PaymentMethod::BankTransfer } else { PaymentMethod::Card };
        run(app, Some(client), move |tx, cx| milestone::start_funding(tx, cx, first, method))?;
    }
    if stage >= Stage::Funded {
        run(app, Some(client), move |tx, cx| {
            let pending = payment::lock_pending(tx, first)?.ok_or_else(Problem::not_found)?;
            payments::charge(tx, cx, pending.id, CardToken::Succeeds)
        })?;
    }
    if stage >= Stage::Delivered {
        let handover =
            Handover { message: "納品いたします。ご確認ください。".to_owned(), links: Vec::new() };
        run(app, Some(worker), move |tx, cx| milestone::deliver(tx, cx, first, handover.clone()))?;
    }
    if stage >= Stage::Accepted {
        run(app, Some(client), move |tx, cx| accept_current(tx, cx, first))?;
    }
    Ok(())
}

fn accept_current(tx: &mut Tx<'_>, cx: &Context, id: MilestoneId) -> Result<Work, Problem> {
    let work = Work::lock_by_milestone(tx, id)?;
    let delivery = work.milestone(id)?.milestone.delivery.ok_or_else(Problem::not_found)?;
    milestone::accept(tx, cx, id, delivery)
}
