//! Access tokens: 15-minute EdDSA JSON Web Tokens (RFC 7519, RFC 8037).

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{MemberId, SessionId};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::{
    clock,
    problem::{Code, Problem},
    secrets::{self, Secrets},
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

/// Issues and checks tokens of this installation.
#[derive(Debug)]
pub struct Tokens {
    secrets: Secrets,
    issuer: String,
    audience: String,
    validation: Validation,
    /// Tokens whose signature was good, by their hash, with the second in which they expire. Checking a signature takes
    /// longer than anything else that a request needs a processor for.
    verified: Cache<[u8; 32], (Claims, i64)>,
}

impl Tokens {
    /// Tokens for one issuer; the mode is their audience, so a sandbox token never works in production.
    pub fn new(secrets: Secrets, issuer: &str, mode: &str) -> Self {
        let audience = format!("azukari-{mode}");
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[&audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 0;
        Self { secrets, issuer: issuer.to_owned(), audience, validation, verified: Cache::new(REMEMBERED) }
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
        let header = Header { kid: Some(self.secrets.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &payload, &self.secrets.signing).map_err(|_| Problem::new(Code::Internal))
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
        let ours = header.kid.as_deref() == Some(&self.secrets.key_id) && header.typ.as_deref() == Some("JWT");
        // An extension that must be understood is none of ours (RFC 7515 section 4.1.11).
        if !ours || header.crit.is_some() {
            return None;
        }
        let payload = decode::<Payload>(token, &self.secrets.verifying, &self.validation).ok()?.claims;
        let claims = Claims { member: payload.sub.parse().ok()?, session: payload.sid.parse().ok()? };
        Some((claims, payload.exp))
    }
}
