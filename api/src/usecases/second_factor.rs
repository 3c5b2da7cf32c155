//! Second factors: codes by time (TOTP, RFC 6238), and recovery codes for who has lost the app.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{event::EventKind, ids::MemberId};
use persistence::{
    credential, identity,
    second_factor::{self, SecondFactor},
    session::devices,
    store::{Conn, Tx},
};
use totp_rs::{Builder, Secret, Totp};

use super::{
    commit::{Audience, tell},
    member::{lock_proven, write},
    proof,
};
use crate::{
    clock,
    context::Context,
    mailer,
    problem::{Code, Problem},
    secrets,
    state::App,
};

/// How many recovery codes there are at first.
const RECOVERY_CODES: usize = 10;

/// How long a secret is, in bytes (RFC 4226 section 4).
const SECRET_BYTES: usize = 20;
/// So many random bytes are in a recovery code: more than the 112 bits that a plain hash may keep (OWASP ASVS 5.0, 6.5.2).
const RECOVERY_BYTES: usize = 15;

/// How long one code is shown, in seconds.
const STEP: u64 = 30;

/// What an app needs to show codes.
#[derive(Debug)]
pub struct Enrolment {
    /// To be typed, in base32.
    pub secret: String,
    /// To be shown as a QR code.
    pub url: String,
}

fn totp(secret: Vec<u8>, account: &str) -> Result<Totp, Problem> {
    let broken = |_| Problem::new(Code::Internal);
    // The label of a code may hold no colon.
    let account = account.replace(':', "");
    let secret = Secret::new(secret.into_boxed_slice());
    Builder::new().with_secret(secret).with_account_name(account).with_issuer(Some("Azukari")).build().map_err(broken)
}

/// Begins to add a second factor; it counts once a code of it was right.
///
/// # Errors
/// The last proof is too long ago, or there is a factor already.
pub fn begin(tx: &mut Tx<'_>, cx: &Context) -> Result<Enrolment, Problem> {
    let member = lock_proven(tx, cx)?;
    let me = member.id;
    if second_factor::is_set(tx, me)? {
        return Err(Problem::new(Code::SecondFactorSet));
    }
    let secret: Vec<u8> = secrets::random()?.into_iter().take(SECRET_BYTES).collect();
    let sealed = cx.app.tokens.secrets().seal(&me.to_string(), &secret)?;
    second_factor::begin(tx, me, &sealed, clock::real_now())?;
    let totp = totp(secret, &member.email)?;
    let url = totp.to_url().map_err(|_| Problem::new(Code::Internal))?;
    Ok(Enrolment { secret: totp.secret().to_base32(), url })
}

/// The first code proves that the app has the secret: the factor counts from now on, and these are the recovery codes.
/// None if the code was wrong. Every other session ends: it was opened without a second factor.
///
/// # Errors
/// The last proof is too long ago, nothing was begun, or there is a factor already.
pub fn confirm(tx: &mut Tx<'_>, cx: &Context, code: &str) -> Result<Option<Vec<String>>, Problem> {
    // Whoever logs in meanwhile without it, waits or is waited for: that session ends, too.
    let me = lock_proven(tx, cx)?.id;
    let factor = second_factor::lock(tx, me)?.ok_or_else(Problem::not_found)?;
    if factor.confirmed_at.is_some() {
        return Err(Problem::new(Code::SecondFactorSet));
    }
    if !matches(tx, cx, me, &factor, code)? {
        return Ok(None);
    }
    second_factor::confirm(tx, me, clock::real_now())?;
    devices::revoke_others(tx, me, cx.session, clock::real_now())?;
    let codes = make_recovery_codes(tx, me)?;
    tell(tx, cx, me, Audience::only(me), EventKind::MemberSecondFactorAdded)?;
    write(tx, me, |to, locale| mailer::second_factor_added(cx, to, locale))?;
    Ok(Some(codes))
}

/// New recovery codes in place of the old.
///
/// # Errors
/// The last proof is too long ago, or there is no factor.
pub fn renew_recovery_codes(tx: &mut Tx<'_>, cx: &Context) -> Result<Vec<String>, Problem> {
    let me = lock_proven(tx, cx)?.id;
    second_factor::lock(tx, me)?.filter(|factor| factor.confirmed_at.is_some()).ok_or_else(Problem::not_found)?;
    let codes = make_recovery_codes(tx, me)?;
    tell_codes(tx, cx, me)?;
    Ok(codes)
}

/// Removes the factor: the password alone logs in again, so it must be long enough for that.
///
/// # Errors
/// The last proof is too long ago, there is no factor, or the password is too short.
pub fn remove(tx: &mut Tx<'_>, cx: &Context) -> Result<(), Problem> {
    let me = lock_proven(tx, cx)?.id;
    second_factor::lock(tx, me)?.filter(|factor| factor.confirmed_at.is_some()).ok_or_else(Problem::not_found)?;
    if credential::find(tx, me)?.is_some_and(|secret| secret.is_short) {
        return Err(Problem::new(Code::LongerPasswordNeeded));
    }
    second_factor::remove(tx, me)?;
    tell(tx, cx, me, Audience::only(me), EventKind::MemberSecondFactorRemoved)?;
    write(tx, me, |to, locale| mailer::second_factor_removed(cx, to, locale))
}

/// Whether a code of the member's app is right; then neither it nor one before it works again.
///
/// # Errors
/// Only those of the store.
pub fn use_code(tx: &mut Tx<'_>, cx: &Context, member: MemberId, code: &str) -> Result<bool, Problem> {
    match second_factor::lock(tx, member)?.filter(|factor| factor.confirmed_at.is_some()) {
        Some(factor) => matches(tx, cx, member, &factor, code),
        None => Ok(false),
    }
}

fn matches(tx: &mut Tx<'_>, cx: &Context, id: MemberId, factor: &SecondFactor, code: &str) -> Result<bool, Problem> {
    // Sealed with a secret that another has replaced since: a recovery code is still good.
    let Some(secret) = cx.app.tokens.secrets().unseal(&id.to_string(), &factor.sealed) else {
        tracing::warn!(member = %id, "a second factor was sealed with another secret: only a recovery code gets its owner in");
        return Ok(false);
    };
    let totp = totp(secret, "")?;
    let Some(step) = step_of(&totp, code, clock::real_now()) else { return Ok(false) };
    if step <= factor.last_step {
        return Ok(false);
    }
    second_factor::used(tx, id, step)?;
    Ok(true)
}

/// The time step of a code, of this one, the one before and the next: clocks differ. All are compared, each in the same
/// time whatever it is.
fn step_of(totp: &Totp, code: &str, now: DateTime<Utc>) -> Option<i64> {
    let seconds = u64::try_from(now.timestamp()).ok()?;
    let near = [seconds.checked_sub(STEP), Some(seconds), seconds.checked_add(STEP)];
    let step = |at: u64| {
        let right = totp.generate(at).to_string();
        let same = aws_lc_rs::constant_time::verify_slices_are_equal(right.as_bytes(), code.as_bytes()).is_ok();
        same.then(|| i64::try_from(at / STEP).ok()).flatten()
    };
    near.into_iter().flatten().map(step).fold(None, |found, one| one.or(found))
}

/// Whether a recovery code is right; it is used up then, and the member is told.
///
/// # Errors
/// Only those of the store.
pub fn use_recovery_code(tx: &mut Tx<'_>, cx: &Context, member: MemberId, code: &str) -> Result<bool, Problem> {
    let known = second_factor::lock(tx, member)?.is_some_and(|factor| factor.confirmed_at.is_some());
    if !known || !second_factor::take_recovery_code(tx, member, &recovery_hash(code))? {
        return Ok(false);
    }
    tell_codes(tx, cx, member)?;
    Ok(true)
}

/// Ten codes of 120 random bits each, which no amount of guessing finds, so that a plain hash keeps them.
fn make_recovery_codes(tx: &mut Tx<'_>, me: MemberId) -> Result<Vec<String>, Problem> {
    let codes = (0..RECOVERY_CODES).map(|_| fresh_code()).collect::<Result<Vec<_>, _>>()?;
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| recovery_hash(code)).collect();
    second_factor::replace_recovery_codes(tx, me, &hashes)?;
    Ok(codes)
}

fn fresh_code() -> Result<String, Problem> {
    let random = secrets::random()?;
    let bytes: Vec<u8> = random.into_iter().take(RECOVERY_BYTES).collect();
    let text = Secret::new(bytes.into_boxed_slice()).to_base32().to_lowercase();
    let letters: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
    Ok(letters.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// However it is typed.
fn recovery_hash(code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    secrets::hash(format!("recovery {}", plain.to_lowercase()).as_bytes())
}

fn tell_codes(tx: &mut Tx<'_>, cx: &Context, me: MemberId) -> Result<(), Problem> {
    tell(tx, cx, me, Audience::only(me), EventKind::MemberRecoveryCodesChanged)?;
    let left = second_factor::recovery_codes_left(tx, me)?;
    write(tx, me, |to, locale| mailer::recovery_codes_changed(cx, to, locale, left))
}

/// How a member stands with second factors.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Whether a log-in needs one.
    pub is_set: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: i64,
}

/// How the caller stands.
///
/// # Errors
/// Those of the store; [`Code::Unauthenticated`] if the caller is nobody.
pub fn read(conn: &mut Conn, cx: &Context) -> Result<Standing, Problem> {
    let me = cx.person()?;
    let is_set = second_factor::is_set(conn, me)?;
    Ok(Standing { is_set, recovery_codes_left: second_factor::recovery_codes_left(conn, me)? })
}

/// How long somebody has to send the code after the password was right.
const CHALLENGE_LIFE: i64 = 300;

/// What shows that a password was right, good for five minutes. It is void once the password is another one, once an
/// account at a provider is linked or unlinked, and once any code of the member was right: so it opens one session at most.
///
/// # Errors
/// Only those of the store.
pub fn challenge(conn: &mut Conn, app: &App, member: MemberId, password_hash: &str) -> Result<String, Problem> {
    let expires = clock::real_now().timestamp() + CHALLENGE_LIFE;
    let told = format!("{member}.{expires}");
    let tag = app.tokens.sign(&challenging(conn, member, &told, password_hash)?);
    Ok(format!("azm_{}", URL_SAFE_NO_PAD.encode(format!("{told}.{tag}"))))
}

/// What the tag of a challenge signs: which codes were used, too, and what logs in beside the password. Of the recovery
/// codes it is not their number, which comes back when they are renewed.
fn challenging(conn: &mut Conn, member: MemberId, told: &str, password_hash: &str) -> Result<String, Problem> {
    let step = second_factor::find(conn, member)?.map_or(0, |factor| factor.last_step);
    let codes: String = second_factor::recovery_hashes(conn, member)?.iter().map(secrets::hex).collect();
    let linked: String = identity::of(conn, member)?.iter().map(|one| one.id.to_string()).collect();
    Ok(format!("challenge {told} {step} {codes} {linked} {password_hash}"))
}

/// The same for who logged in by a provider.
///
/// # Errors
/// Only those of the store.
pub fn challenge_of(conn: &mut Conn, cx: &Context, member: MemberId) -> Result<String, Problem> {
    let hash = credential::find(conn, member)?.and_then(|secret| secret.password_hash);
    challenge(conn, &cx.app, member, &hash.unwrap_or_default())
}

/// Tells who would log in that a second factor is needed, by which they can prove themselves, and for how it goes on.
///
/// # Errors
/// Only those of the store.
pub fn needed(conn: &mut Conn, member: MemberId, challenge: String) -> Result<Problem, Problem> {
    let factors = proof::names(proof::possible(conn, member)?);
    Ok(Problem::new(Code::SecondFactorRequired).with("factors", factors).with("challenge_token", challenge))
}

/// Whose password was right, if the challenge is ours and good.
///
/// # Errors
/// Only those of the store.
pub fn challenged(conn: &mut Conn, cx: &Context, challenge: &str) -> Result<Option<MemberId>, Problem> {
    let Some((member, expires, tag)) = parts(challenge) else { return Ok(None) };
    let Some(secret) = credential::find(conn, member)? else { return Ok(None) };
    let hash = secret.password_hash.unwrap_or_default();
    let signed = challenging(conn, member, &format!("{member}.{expires}"), &hash)?;
    let good = cx.app.tokens.signed(&signed, &tag) && clock::real_now().timestamp() < expires;
    Ok(good.then_some(member))
}

fn parts(challenge: &str) -> Option<(MemberId, i64, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(challenge.strip_prefix("azm_")?).ok()?).ok()?;
    let mut parts = text.split('.');
    let (member, expires, tag) = (parts.next()?, parts.next()?, parts.next()?);
    Some((member.parse().ok()?, expires.parse().ok()?, tag.to_owned()))
}
