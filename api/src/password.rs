//! Passwords, kept as argon2id hashes (RFC 9106; 19 MiB, two passes, one lane, after the OWASP cheat sheet).

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{Error, SaltString},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use domain::password::{Password, spelled};

use crate::{
    problem::{Code, Problem},
    secrets,
};

const MEMORY_KIB: u32 = 19 * 1024;

fn hasher() -> Result<Argon2<'static>, Error> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(MEMORY_KIB, 2, 1, None)?))
}

/// The hash to keep.
///
/// # Errors
/// Only if the hashing itself fails.
pub fn hash(password: &Password) -> Result<String, Problem> {
    hash_text(password.as_str())
}

fn hash_text(password: &str) -> Result<String, Problem> {
    let broken = || Problem::new(Code::Internal);
    let salt = SaltString::from_b64(&STANDARD_NO_PAD.encode(secrets::random()?)).map_err(|_| broken())?;
    let hashed = hasher().and_then(|argon2| Ok(argon2.hash_password(password.as_bytes(), &salt)?.to_string()));
    hashed.map_err(|_| broken())
}

/// Whether the password is the one that was hashed. Without a hash it takes as long and says no, so that the time
/// taken does not tell whether an account exists.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    let password = spelled(password);
    let Some(stored) = stored else {
        drop(hash_text(&password));
        return false;
    };
    let Ok(parsed) = PasswordHash::new(stored) else { return false };
    hasher().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &parsed).is_ok())
}
