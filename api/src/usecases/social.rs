//! Logging in and joining by an account at a provider (decision 0029).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    member::{Member, MemberKind, MemberState},
    username::Username,
    withdrawal::ComingBack,
};
use persistence::{
    email_confirmation, identity, member,
    session::devices,
    social_flow::{self, Flow},
    store::{Conn, Tx},
};
use serde::{Deserialize, Serialize};

use super::{
    access::{self, Registration, email_key},
    commit::{Audience, announce},
    member::hold,
    second_factor,
    session::{self, Device, TokenPair},
    username,
};
use crate::{
    clock,
    context::Context,
    locale::Locale,
    problem::{Code, Problem},
    secrets,
    social::{Account, Visit},
};

/// How long a visit to a provider may take.
pub const VISIT_LIFE: TimeDelta = TimeDelta::minutes(10);

/// How long somebody has to join once a provider vouched for them.
const JOIN_LIFE: TimeDelta = TimeDelta::minutes(30);

/// A visit that has begun: the token that the app keeps, and what is made of it.
#[derive(Debug)]
pub struct Begun {
    /// What shows that who comes back is who went.
    pub flow_token: String,
    /// What goes to the provider.
    pub visit: Visit,
    /// When it is too late.
    pub expires_at: DateTime<Utc>,
}

/// Begins a visit: to log in or to join, or, with a member, to link what comes back.
///
/// # Errors
/// For a member, that the last proof is too long ago.
pub fn begin(tx: &mut Tx<'_>, cx: &Context, provider: &str, redirect_uri: &str) -> Result<Begun, Problem> {
    let member = cx.actor.is_some().then(|| cx.person()).transpose()?;
    if member.is_some() {
        cx.require_recent_login(tx)?;
    }
    let (flow_token, hash) = secrets::bearer("azf_")?;
    let expires_at = clock::real_now() + VISIT_LIFE;
    let flow = Flow { provider: provider.to_owned(), redirect_uri: redirect_uri.to_owned(), member, expires_at };
    social_flow::insert(tx, &hash, &flow)?;
    Ok(Begun { visit: Visit::of(cx.app.tokens.secrets(), &flow_token), flow_token, expires_at })
}

/// Takes a visit out, once, whatever becomes of it; none unless it is this one's, in time, and for the same end: what a
/// member began to link logs nobody in, and the other way round.
///
/// # Errors
/// Only those of the store.
pub fn take(tx: &mut Tx<'_>, cx: &Context, flow_token: &str, state: &str) -> Result<Option<(Flow, Visit)>, Problem> {
    let flow = social_flow::take(tx, &secrets::hash(flow_token.as_bytes()))?;
    let visit = Visit::of(cx.app.tokens.secrets(), flow_token);
    let same = aws_lc_rs::constant_time::verify_slices_are_equal(visit.state.as_bytes(), state.as_bytes()).is_ok();
    let who = cx.actor.and_then(domain::actor::Actor::member);
    let good = flow.filter(|flow| same && flow.expires_at > clock::real_now() && flow.member == who);
    Ok(good.map(|flow| (flow, visit)))
}

/// Whose account at a provider it is, if they may log in.
///
/// # Errors
/// [`Code::RegistrationNeeded`] with what joins, [`Code::LinkNeeded`] when the address is a member's who has not linked
/// it, and what keeps the address from joining.
pub fn owner(conn: &mut Conn, cx: &Context, account: &Account) -> Result<Member, Problem> {
    if let Some(found) = identity::find(conn, &account.issuer, &account.subject)? {
        let member = member::find(conn, found.member)?.ok_or_else(Problem::not_found)?;
        return match member.state {
            MemberState::Active => Ok(member),
            MemberState::Closing | MemberState::Closed | MemberState::Pending => {
                Err(Problem::new(Code::AccountClosing))
            }
        };
    }
    let holder = member::by_email(conn, &email_key(&account.email))?.map(|member| member.state);
    if matches!(holder, Some(MemberState::Active | MemberState::Closing)) {
        return Err(Problem::new(Code::LinkNeeded));
    }
    let join_token = join_token(cx, account)?;
    Err(Problem::new(Code::RegistrationNeeded).with("join_token", join_token).with("email", account.email.clone()))
}

/// What a join token says: for whom a provider vouched, and until when that is believed.
#[derive(Debug, Serialize, Deserialize)]
struct Vouched {
    issuer: String,
    subject: String,
    email: String,
    expires: i64,
}

fn join_token(cx: &Context, account: &Account) -> Result<String, Problem> {
    let Account { issuer, subject, email } = account.clone();
    let vouched = Vouched { issuer, subject, email, expires: (clock::real_now() + JOIN_LIFE).timestamp() };
    let told = serde_json::to_string(&vouched).map_err(|_| Problem::new(Code::Internal))?;
    let tag = cx.app.tokens.sign(&format!("join {told}"));
    Ok(format!("azj_{}.{tag}", URL_SAFE_NO_PAD.encode(told)))
}

/// For whom a provider vouched, if the token is ours and good, and the provider still one of ours.
fn vouched(cx: &Context, token: &str) -> Option<Account> {
    let (told, tag) = token.strip_prefix("azj_")?.split_once('.')?;
    let told = String::from_utf8(URL_SAFE_NO_PAD.decode(told).ok()?).ok()?;
    let ours = cx.app.tokens.signed(&format!("join {told}"), tag);
    let vouched: Vouched = serde_json::from_str(&told).ok().filter(|_| ours)?;
    let Vouched { issuer, subject, email, expires } = vouched;
    let good = clock::real_now().timestamp() < expires && cx.app.providers.of_issuer(&issuer).is_some();
    good.then_some(Account { issuer, subject, email })
}

/// What somebody who joins tells us, beside what the provider did.
#[derive(Debug, Clone)]
pub struct Joining {
    /// What shows for whom the provider vouched.
    pub join_token: String,
    /// What others see.
    pub display_name: String,
    /// A person or a company.
    pub kind: MemberKind,
    /// The handle they would like.
    pub username: Option<Username>,
    /// The language of our mail.
    pub locale: Locale,
    /// What they join with.
    pub device: String,
}

impl Joining {
    /// As of anybody who registers, with the address that the provider has verified.
    fn registration(&self, account: &Account) -> Registration {
        Registration {
            email: account.email.clone(),
            display_name: self.display_name.clone(),
            kind: self.kind,
            username: self.username.clone(),
            password_hash: None,
            locale: self.locale,
        }
    }
}

/// Joins, and logs in. The address needs no confirmation; whoever registered it before without confirming it, and their
/// password, are out.
///
/// # Errors
/// [`Code::InvalidToken`], [`Code::UsernameTaken`], or the address or the account is somebody's meanwhile.
pub fn join(tx: &mut Tx<'_>, cx: &Context, form: &Joining) -> Result<TokenPair, Problem> {
    let account = vouched(cx, &form.join_token).ok_or_else(|| Problem::new(Code::InvalidToken))?;
    form.username.as_ref().map_or(Ok(()), |name| username::require_free(tx, cx, name))?;
    let holder = access::lock_holder(tx, &account.email)?;
    if identity::find(tx, &account.issuer, &account.subject)?.is_some() {
        return Err(Problem::new(Code::IdentityTaken));
    }
    let registration = form.registration(&account);
    let registered = match holder {
        Some(member) if member.state == MemberState::Pending => access::register_anew(tx, cx, member, &registration)?,
        Some(_) => return Err(Problem::new(Code::LinkNeeded)),
        None => match access::coming_back(tx, cx, &account.email)? {
            ComingBack::Free => access::register_first(tx, cx, &registration)?,
            ComingBack::NotYet(_) => return Err(Problem::new(Code::NotBackYet)),
        },
    };
    let confirmed = registered.confirm(cx.now)?;
    announce(tx, cx, registered.id, Audience::only(registered.id), &confirmed)?;
    let saved = member::save(tx, &confirmed.next)?;
    email_confirmation::void(tx, saved.id)?;
    let saved = username::grant_wish(tx, cx, saved)?;
    super::identity::keep(tx, cx, saved.id, &account)?;
    let device = Device { label: form.device.clone(), token: None };
    session::log_in(tx, cx, saved.id, &device)
}

/// Opens a session for the owner of an account at a provider.
///
/// # Errors
/// Those of [`owner`]; [`Code::SecondFactorRequired`] when they have a second factor.
pub fn log_in(tx: &mut Tx<'_>, cx: &Context, account: &Account, device: &Device) -> Result<TokenPair, Problem> {
    let seen = owner(tx, cx, account)?;
    hold(tx, &[seen.id])?;
    // Judged under the lock, that keeps it as it is: meanwhile the account may have been unlinked, or a factor added.
    let member = owner(tx, cx, account)?;
    if member.id != seen.id {
        return Err(Problem::new(Code::SocialLoginRefused));
    }
    if persistence::second_factor::is_set(tx, member.id)? {
        let challenge = second_factor::challenge_of(tx, cx, member.id)?;
        return Err(second_factor::needed(tx, member.id, challenge)?);
    }
    let known = devices::is_known(tx, member.id, &device.hash())?;
    session::log_in(tx, cx, member.id, &device.clone().if_known(known))
}
