//! Access tokens: 15-minute EdDSA JSON Web Tokens (RFC 7519, RFC 8037).

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{AppId, MemberId, SessionId},
    scope::Scopes,
};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::{
    clock,
    problem::{Code, Problem},
    secrets::{self, Secrets, SigningKey, UnusableSecret},
};

/// How long an access token is good for.
pub const ACCESS_TOKEN_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long a session lives without being renewed by a new log-in.
pub const SESSION_LIFE: TimeDelta = TimeDelta::days(30);

/// Whom a token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// The member.
    pub member: MemberId,
    /// The session it belongs to.
    pub session: SessionId,
    /// What it was given to, if that is not the member. Whether it still may do so, the session says.
    pub given: Option<Given>,
}

/// What a token was given to that is not the member's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The app; none if it is an API key.
    pub app: Option<AppId>,
    /// Whether the app acts for itself. The member is then who registered it.
    pub alone: bool,
    /// What this token may do at most.
    pub scopes: Scopes,
}

impl Claims {
    /// Of a member's own session.
    pub const fn own(member: MemberId, session: SessionId) -> Self {
        Self { member, session, given: None }
    }

    /// Whose idempotency keys these are: nobody sees the answers to what somebody else has asked.
    pub fn caller(&self) -> String {
        self.given.map_or_else(|| self.member.to_string(), |_| self.session.to_string())
    }
}

/// The token of an `Authorization` header; none if it is no bearer token (RFC 6750 section 2.1).
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
    /// Who registered the app that acts for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// As in RFC 9068 section 2.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl Payload {
    fn claims(&self) -> Option<Claims> {
        let session = self.sid.parse().ok()?;
        let Some(client_id) = &self.client_id else {
            return Some(Claims::own(self.sub.parse().ok()?, session));
        };
        let (app, scopes) = (Some(client_id.parse().ok()?), self.scope.as_deref()?.parse().ok()?);
        let member = self.owner.as_ref().unwrap_or(&self.sub).parse().ok()?;
        Some(Claims { member, session, given: Some(Given { app, alone: self.owner.is_some(), scopes }) })
    }
}

/// How many verified tokens are remembered.
const REMEMBERED: usize = 16_384;

/// The keys of the present: the one that signs, the one before, whose tokens are still good, and the next, so that a
/// replica that has not heard of a rotation yet knows the tokens of one that has.
#[derive(Debug)]
struct Ring {
    generation: i32,
    keys: Vec<Arc<SigningKey>>,
}

impl Ring {
    /// The present generation first.
    fn of(secrets: &Secrets, generation: i32) -> Result<Self, UnusableSecret> {
        let all = [Some(generation), generation.checked_sub(1).filter(|one| *one >= 0), generation.checked_add(1)];
        let keys =
            all.into_iter().flatten().map(|one| secrets.signing_key(one).map(Arc::new)).collect::<Result<_, _>>()?;
        Ok(Self { generation, keys })
    }
}

/// Issues and checks tokens of this installation.
#[derive(Debug)]
pub struct Tokens {
    secrets: Secrets,
    ring: RwLock<Arc<Ring>>,
    issuer: String,
    audience: String,
    validation: Validation,
    /// Tokens whose signature was good, by their hash, with the second in which they expire. Checking a signature takes
    /// longer than anything else that a request needs a processor for.
    verified: Cache<[u8; 32], (Claims, i64)>,
}

impl Tokens {
    /// Tokens for one issuer; the mode is their audience, so a sandbox token never works in production.
    ///
    /// # Errors
    /// Only if no keys can be made of the secret.
    pub fn new(secrets: Secrets, issuer: &str, mode: &str) -> Result<Self, UnusableSecret> {
        let audience = format!("azukari-{mode}");
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[&audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 0;
        let (ring, verified) = (RwLock::new(Arc::new(Ring::of(&secrets, 0)?)), Cache::new(REMEMBERED));
        Ok(Self { secrets, ring, issuer: issuer.to_owned(), audience, validation, verified })
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs with this generation of keys from now on. What was remembered of tokens is asked of the new keys again.
    ///
    /// # Errors
    /// Only if its key cannot be made.
    pub fn turn_to(&self, generation: i32) -> Result<(), UnusableSecret> {
        if self.ring().generation != generation {
            let ring = Arc::new(Ring::of(&self.secrets, generation)?);
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
            self.verified.clear();
        }
        Ok(())
    }

    /// The keys whose tokens are good, the one that signs first.
    pub fn keys(&self) -> Vec<Arc<SigningKey>> {
        self.ring().keys.clone()
    }

    /// The keys underneath.
    pub const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Signs a text that will come back, for this issuer and mode alone, as the tokens are: another installation may have
    /// the same secret.
    pub fn sign(&self, text: &str) -> String {
        self.secrets.sign(&self.bound(text))
    }

    /// Whether `tag` was made by [`Tokens::sign`] here for this text.
    pub fn signed(&self, text: &str, tag: &str) -> bool {
        self.secrets.verify(&self.bound(text), tag)
    }

    fn bound(&self, text: &str) -> String {
        format!("{} {} {text}", self.issuer, self.audience)
    }

    /// A fresh access token.
    ///
    /// # Errors
    /// Only if signing itself fails.
    pub fn issue(&self, claims: Claims, now: DateTime<Utc>) -> Result<String, Problem> {
        let alone = claims.given.filter(|given| given.alone);
        let payload = Payload {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: alone.and_then(|given| given.app).map_or_else(|| claims.member.to_string(), |app| app.to_string()),
            sid: claims.session.to_string(),
            iat: now.timestamp(),
            exp: (now + ACCESS_TOKEN_LIFE).timestamp(),
            owner: alone.map(|_| claims.member.to_string()),
            client_id: claims.given.and_then(|given| given.app).map(|app| app.to_string()),
            scope: claims.given.map(|given| given.scopes.to_string()),
        };
        let ring = self.ring();
        let key = ring.keys.first().ok_or_else(|| Problem::new(Code::Internal))?;
        let header = Header { kid: Some(key.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &payload, &key.signing).map_err(|_| Problem::new(Code::Internal))
    }

    /// Whom a token speaks for, if it is ours and still good. Whether its session was revoked is asked later, by the
    /// request's first query.
    ///
    /// # Errors
    /// [`Code::InvalidToken`] for everything else, without saying why.
    pub fn check(&self, token: &str) -> Result<Claims, Problem> {
        let hash = secrets::sha256(token.as_bytes());
        if let Some((claims, expires)) = self.verified.get(&hash) {
            let is_good = clock::real_now().timestamp() < expires;
            return if is_good { Ok(claims) } else { Err(Problem::new(Code::InvalidToken)) };
        }
        let verified = self.verify(token).ok_or_else(|| Problem::new(Code::InvalidToken))?;
        self.verified.insert(hash, verified);
        Ok(verified.0)
    }

    fn verify(&self, token: &str) -> Option<(Claims, i64)> {
        let header = decode_header(token).ok()?;
        // An extension that must be understood is none of ours (RFC 7515 section 4.1.11).
        if header.typ.as_deref() != Some("JWT") || header.crit.is_some() {
            return None;
        }
        let ring = self.ring();
        let key = ring.keys.iter().find(|key| header.kid.as_deref() == Some(&key.key_id))?;
        let payload = decode::<Payload>(token, &key.verifying, &self.validation).ok()?.claims;
        Some((payload.claims()?, payload.exp))
    }

    /// Whom a token of ours speaks for and when it expires, in seconds since 1970; none for everything else.
    pub fn inspect(&self, token: &str) -> Option<(Claims, i64)> {
        self.verify(token)
    }

    /// Whose an API key is, if that is known already; whether it was revoked is asked later, as of any token.
    pub fn known_key(&self, key: &str) -> Option<Claims> {
        let (claims, expires) = self.verified.get(&secrets::sha256(key.as_bytes()))?;
        (clock::real_now().timestamp() < expires).then_some(claims)
    }

    /// Remembers whose an API key is: that never changes.
    pub fn remember_key(&self, key: &str, claims: Claims, expires_at: DateTime<Utc>) {
        self.verified.insert(secrets::sha256(key.as_bytes()), (claims, expires_at.timestamp()));
    }
}
