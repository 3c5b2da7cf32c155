//! Access tokens: 15-minute EdDSA JSON Web Tokens (RFC 7519, RFC 8037).

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{MemberId, SessionId};
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
}

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
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

    /// A fresh access token.
    ///
    /// # Errors
    /// Only if signing itself fails.
    pub fn issue(&self, claims: Claims, now: DateTime<Utc>) -> Result<String, Problem> {
        let payload = Payload {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: claims.member.to_string(),
            sid: claims.session.to_string(),
            iat: now.timestamp(),
            exp: (now + ACCESS_TOKEN_LIFE).timestamp(),
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
        let claims = Claims { member: payload.sub.parse().ok()?, session: payload.sid.parse().ok()? };
        Some((claims, payload.exp))
    }
}
