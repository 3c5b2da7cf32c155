//! The installation's one secret, and what is derived from it: the token signing key and the cursor key.

use aws_lc_rs::{
    digest, hkdf,
    hmac::{self, HMAC_SHA256},
    rand,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};

/// The shortest secret that is accepted, in bytes.
pub const SECRET_BYTES: usize = 32;

/// The keys of this installation.
pub struct Secrets {
    cursor: hmac::Key,
    pub(crate) signing: EncodingKey,
    pub(crate) verifying: DecodingKey,
    /// The public half of the signing key, base64url, for the JWKS document (RFC 8037).
    pub public_key: String,
    /// The signing key's id: its own hash, so that replicas agree.
    pub key_id: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// A secret that no keys can be made from.
#[derive(Debug, thiserror::Error)]
#[error("the secret must be at least {SECRET_BYTES} bytes")]
pub struct UnusableSecret;

/// How long an HKDF output is to be.
#[derive(Debug, Clone, Copy)]
struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        SECRET_BYTES
    }
}

impl Secrets {
    /// Derives every key from the one secret (HKDF, RFC 5869).
    ///
    /// # Errors
    /// A secret that is too short.
    pub fn derive(secret: &[u8]) -> Result<Self, UnusableSecret> {
        if secret.len() < SECRET_BYTES {
            return Err(UnusableSecret);
        }
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"azukari").extract(secret);
        let seed = expand(&prk, b"token signing")?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| UnusableSecret)?;
        let public_key = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let key_id = hash(public_key.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            cursor: hmac::Key::new(HMAC_SHA256, &expand(&prk, b"cursors")?),
            signing: EncodingKey::from_ed_der(pair.to_pkcs8().map_err(|_| UnusableSecret)?.as_ref()),
            verifying: DecodingKey::from_ed_components(&public_key).map_err(|_| UnusableSecret)?,
            public_key,
            key_id,
        })
    }

    /// Signs a text that will come back.
    pub fn sign(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.cursor, text.as_bytes()))
    }

    /// Whether `tag` was made by [`Secrets::sign`] for this text.
    pub fn verify(&self, text: &str, tag: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else { return false };
        hmac::verify(&self.cursor, text.as_bytes(), &tag).is_ok()
    }
}

fn expand(prk: &hkdf::Prk, purpose: &[u8]) -> Result<[u8; SECRET_BYTES], UnusableSecret> {
    let mut out = [0; SECRET_BYTES];
    prk.expand(&[purpose], Length).and_then(|okm| okm.fill(&mut out)).map_err(|_| UnusableSecret)?;
    Ok(out)
}

/// SHA-256, to be kept as bytes.
pub fn hash(bytes: &[u8]) -> Vec<u8> {
    sha256(bytes).to_vec()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// Fresh random bytes for a secret.
///
/// # Errors
/// Only when the operating system gives none.
pub fn random() -> Result<[u8; SECRET_BYTES], UnusableSecret> {
    let mut bytes = [0; SECRET_BYTES];
    rand::fill(&mut bytes).map_err(|_| UnusableSecret)?;
    Ok(bytes)
}

/// A fresh bearer secret: what is shown once, and the hash that is stored.
///
/// # Errors
/// Only when the operating system gives no randomness.
pub fn bearer(prefix: &str) -> Result<(String, Vec<u8>), UnusableSecret> {
    let shown = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random()?));
    let stored = hash(shown.as_bytes());
    Ok((shown, stored))
}
