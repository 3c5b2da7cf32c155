//! Joining, and the caller's own account.

use actix_web::{get, post, put};
use domain::{machine::State, member, password::Password, username::Username};
use garde::Validate;
use persistence::{address_request::AddressRequestKind, store::Conn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Routes;
use crate::{
    body::Body,
    call::{Answer, Call, Caller, Key, blocking},
    date_time::DateTime,
    email,
    locale::Locale,
    password,
    problem::{Code, Problem},
    reply::Reply,
    state::App,
    usecases::{
        access::{self, Right},
        address_request,
        guess::Guess,
        username, withdrawal,
    },
    words::{MemberKind, MemberState, Role, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(register).service(confirm_email).service(resend_confirmation).service(me).service(choose_username);
}

/// Who wants to join.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Registration {
    #[schema(format = Email, max_length = 254)]
    #[garde(email, length(max = email::MOST))]
    email: String,
    /// At least 15 characters of any kind, and none that is easy to guess: no common or breached password, no pattern, not the own name or address (NIST SP 800-63B).
    #[schema(min_length = 15, max_length = 128)]
    #[garde(length(chars, max = 128))]
    password: String,
    /// What others see.
    #[schema(min_length = 1, max_length = 60)]
    #[garde(length(chars, min = 1, max = 60))]
    display_name: String,
    /// A handle of your own, 3 to 30 letters and digits; it is yours once the address is confirmed, unless somebody was given it before. Choose it now, later, or never; it does not change.
    #[schema(min_length = 3, max_length = 30, example = "hanako.yamada")]
    #[garde(length(chars, max = 200))]
    username: Option<String>,
    /// Whether a person or a company joins.
    #[garde(skip)]
    kind: MemberKind,
    /// The version of the terms of use that is agreed to; `/version` names the current one.
    #[schema(example = "2026-04-01", max_length = 40)]
    #[garde(length(chars, max = 40))]
    terms_version: String,
}

/// The same for known and unknown addresses.
#[derive(Debug, Serialize, ToSchema)]
struct Registered {
    /// Always `confirmation_sent`.
    #[schema(example = "confirmation_sent")]
    status: &'static str,
}

/// Register
///
/// Creates an account and mails a confirmation token. The answer does not tell whether the address is already known.
#[utoipa::path(tag = "access", request_body = Registration, responses((status = 202, description = "A mail is on its way", body = Registered)), security(()),
    extensions(("x-errors" = json!(["username_taken"]))))]
#[post("/v1/accounts")]
async fn register(call: Call, body: Body<Registration>) -> Answer {
    let Body { value: form, canonical } = body;
    require_current_terms(&call, &form.terms_version)?;
    let locale = Locale::of(call.request().headers());
    let username = form.username.as_deref().map(Username::parse).transpose()?;
    let (password, known) = (form.password, [form.email.clone(), form.display_name.clone()]);
    let named = form.username;
    let password_hash = blocking(move || {
        let context: Vec<&str> = known.iter().chain(&named).map(String::as_str).collect();
        password::hash(&Password::choose(&password, false, &context)?)
    })
    .await?;
    let form = access::Registration {
        email: form.email,
        display_name: form.display_name,
        kind: form.kind.0,
        username,
        password_hash: Some(password_hash),
        locale,
    };
    call.act_open(&canonical, move |tx, cx| {
        access::register(tx, cx, &form)?;
        Reply::accepted(&Registered { status: "confirmation_sent" })
    })
    .await
}

/// Whoever joins agrees to the terms of now.
pub(super) fn require_current_terms(call: &Call, agreed: &str) -> Result<(), Problem> {
    let current = &call.app().settings.terms_version;
    if agreed == current {
        return Ok(());
    }
    let (en, ja) = (format!("the current terms are {current}"), format!("現在の規約は{current}です。"));
    Err(Problem::new(Code::InvalidBody).at("/terms_version", en, ja))
}

/// The mailed token.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct EmailConfirmation {
    #[schema(max_length = 100, example = "azc_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    #[garde(length(chars, max = 100))]
    token: String,
    /// The password of the registration. Needed where the address was registered more than once, and compared wherever it is sent.
    #[schema(max_length = 128)]
    #[garde(length(chars, max = 128))]
    password: Option<String>,
}

/// Confirm an e-mail address
///
/// Takes the token from the mail. Works once. Where the address was registered more than once, perhaps by somebody else, it is refused with `password_needed` until the password of the last registration comes along: so nobody's mail confirms what somebody else has registered.
#[utoipa::path(tag = "access", request_body = EmailConfirmation, responses((status = 200, description = "The account is active", body = Member)), security(()),
    extensions(("x-errors" = json!(["invalid_token", "password_needed", "invalid_credentials", "guessing_too_fast", "action_refused"]))))]
#[post("/v1/accounts/confirm-email")]
async fn confirm_email(call: Call, body: Body<EmailConfirmation>) -> Answer {
    let Body { value: EmailConfirmation { token, password }, canonical } = body;
    let right = match password {
        Some(password) => compare(&call, token.clone(), password).await?,
        None => None,
    };
    call.act_open(&canonical, move |tx, cx| {
        let member = access::confirm_email(tx, cx, &token, right.as_ref())?;
        Ok(Reply::ok(&Member::read(tx, &member)?)?.version(member.version))
    })
    .await
}

/// The password of the registration, if it is right. Of a token that is not good nothing is known to compare it with.
async fn compare(call: &Call, token: String, password: String) -> Result<Option<Right>, Problem> {
    let look = move |conn: &mut Conn, app: &App| {
        let Some((registered, hash)) = access::to_confirm(conn, &token)? else { return Ok(None) };
        let guess = Guess::at_registration(app, &registered);
        guess.check(conn)?;
        Ok(Some((guess, hash)))
    };
    let compare = move |found: Option<(Guess, Option<String>)>| {
        found.map(|(guess, hash)| (guess, hash.filter(|hash| password::verify(&password, Some(hash.as_str())))))
    };
    match call.look_up(look, compare).await? {
        Some((guess, Some(hash))) => Ok(Some(Right { guess, hash })),
        Some((guess, None)) => {
            call.attempt(Caller::Anyone, move |tx, _| guess.failed(tx)).await?;
            Err(access::other_password())
        }
        None => Ok(None),
    }
}

/// An address.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct AddressOnly {
    #[schema(format = Email, max_length = 254)]
    #[garde(email, length(max = email::MOST))]
    email: String,
}

/// Ask for the confirmation mail once more
///
/// For who has registered and not confirmed. The answer does not tell whether the address is known. At most three tokens are good at a time; earlier ones stay good.
#[utoipa::path(tag = "access", request_body = AddressOnly, responses((status = 202, description = "If the address waits to be confirmed, a mail is on its way", body = Registered)), security(()))]
#[post("/v1/accounts/resend-confirmation")]
async fn resend_confirmation(call: Call, body: Body<AddressOnly>) -> Answer {
    let Body { value, canonical } = body;
    let locale = Locale::of(call.request().headers());
    call.act_open(&canonical, move |tx, _| {
        address_request::ask(tx, AddressRequestKind::Confirmation, &value.email, locale)?;
        Reply::accepted(&Registered { status: "confirmation_sent" })
    })
    .await
}

/// A member, as seen by that member.
#[derive(Debug, Serialize, ToSchema)]
struct Member {
    id: String,
    kind: MemberKind,
    role: Role,
    email: String,
    display_name: String,
    #[schema(required = true, example = "hanako.yamada")]
    username: Option<String>,
    status: MemberState,
    /// What you may do now: `withdraw`, when nothing stands in the way of leaving.
    allowed_actions: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

impl Member {
    /// As its owner sees it now.
    ///
    /// # Errors
    /// Those of the store.
    fn read(conn: &mut Conn, member: &member::Member) -> Result<Self, Problem> {
        let mut allowed = member.state.allowed(member.role.standing_to_oneself());
        if !allowed.is_empty() && !withdrawal::assess_member(conn, member)?.is_ready() {
            allowed.clear();
        }
        Ok(Self {
            id: member.id.to_string(),
            kind: Word(member.kind),
            role: Word(member.role),
            email: member.email.clone(),
            display_name: member.display_name.clone(),
            username: member.username.as_ref().map(|name| name.as_str().to_owned()),
            status: Word(member.state),
            allowed_actions: allowed.iter().map(ToString::to_string).collect(),
            version: member.version,
            created_at: member.created_at.into(),
            updated_at: member.updated_at.into(),
        })
    }
}

/// The caller's own account
#[utoipa::path(tag = "access", responses((status = 200, description = "The account", body = Member)))]
#[get("/v1/me")]
async fn me(call: Call) -> Answer {
    call.read(|conn, cx| {
        let member = persistence::member::find(conn, cx.person()?)?.ok_or_else(Problem::not_found)?;
        Ok(Reply::ok(&Member::read(conn, &member)?)?.version(member.version))
    })
    .await
}

/// A handle.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct UsernameChoice {
    /// 3 to 30 letters and digits, with single hyphens, dots or underscores between them; letter case makes no difference.
    #[schema(min_length = 3, max_length = 30, example = "hanako.yamada")]
    #[garde(length(chars, max = 200))]
    username: String,
}

/// Choose a username, once and for ever
///
/// Names that look alike are one name (Unicode UTS 39), and the names of members who left are nobody's again.
#[utoipa::path(tag = "access", request_body = UsernameChoice, responses((status = 200, description = "The account", body = Member)),
    extensions(("x-errors" = json!(["username_taken", "username_set", "precondition_failed"]))))]
#[put("/v1/me/username")]
async fn choose_username(call: Call, body: Body<UsernameChoice>) -> Answer {
    let Body { value, canonical } = body;
    let name = Username::parse(&value.username)?;
    call.act(Key::Optional, &canonical, move |tx, cx| {
        let member = username::choose(tx, cx, &name)?;
        Ok(Reply::ok(&Member::read(tx, &member)?)?.version(member.version))
    })
    .await
}
