//! The installation's one secret, and what is derived from it: the keys that sign tokens, sign cursors, and seal
//! what must be read back.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
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
    sealing: RandomizedNonceKey,
    prk: hkdf::Prk,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// One generation of the key that signs access tokens.
pub struct SigningKey {
    pub(crate) signing: EncodingKey,
    pub(crate) verifying: DecodingKey,
    /// The public half, base64url, for the JWKS document (RFC 8037).
    pub public_key: String,
    /// Its id: its own hash, so that replicas agree.
    pub key_id: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("key_id", &self.key_id).finish_non_exhaustive()
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
        let sealing = expand(&prk, b"sealing")?;
        Ok(Self {
            cursor: hmac::Key::new(HMAC_SHA256, &expand(&prk, b"cursors")?),
            sealing: RandomizedNonceKey::new(&AES_256_GCM, &sealing).map_err(|_| UnusableSecret)?,
            prk,
        })
    }

    /// A generation of the signing key: any replica can make any of them.
    ///
    /// # Errors
    /// Only if the key cannot be made.
    pub fn signing_key(&self, generation: i32) -> Result<SigningKey, UnusableSecret> {
        let purpose = match generation {
            0 => "token signing".to_owned(),
            later => format!("token signing {later}"),
        };
        let seed = expand(&self.prk, purpose.as_bytes())?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| UnusableSecret)?;
        let public_key = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let key_id = hex(hash(public_key.as_bytes()).iter().take(8));
        Ok(SigningKey {
            signing: EncodingKey::from_ed_der(pair.to_pkcs8().map_err(|_| UnusableSecret)?.as_ref()),
            verifying: DecodingKey::from_ed_components(&public_key).map_err(|_| UnusableSecret)?,
            public_key,
            key_id,
        })
    }

    /// What tells this secret from others and nothing more of it: the id of its first signing key, which is public.
    ///
    /// # Errors
    /// As [`Secrets::signing_key`].
    pub fn id(&self) -> Result<String, UnusableSecret> {
        Ok(self.signing_key(0)?.key_id)
    }

    /// Encrypts what is kept (AES-256-GCM); it opens only for the same owner.
    ///
    /// # Errors
    /// Only if the encryption itself fails.
    pub fn seal(&self, owner: &str, plain: &[u8]) -> Result<Vec<u8>, UnusableSecret> {
        let mut sealed = plain.to_vec();
        let owner = Aad::from(owner.as_bytes());
        let nonce = self.sealing.seal_in_place_append_tag(owner, &mut sealed).map_err(|_| UnusableSecret)?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Decrypts what [`Secrets::seal`] made for this owner.
    pub fn unseal(&self, owner: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut opened = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.sealing.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut opened).ok()?;
        Some(plain.to_vec())
    }

    /// Signs a text that is kept, or that will come back and means nothing elsewhere; what would mean something is signed
    /// by [`Tokens::sign`](crate::auth::Tokens::sign).
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

/// Bytes as two small hexadecimal digits each.
pub fn hex<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    bytes.into_iter().map(|byte| format!("{byte:02x}")).collect()
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
