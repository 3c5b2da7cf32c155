//! Passwords, kept as argon2id hashes (RFC 9106; 19 MiB, two passes, one lane, after the OWASP cheat sheet).

use std::{
    sync::{Condvar, LazyLock, Mutex, PoisonError},
    thread::available_parallelism,
};

use argon2::{
    Algorithm, Argon2, Block, Params, PasswordHash, Version,
    password_hash::{Error, Output, ParamsString, Salt, SaltString},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use domain::password::{Password, spelled};

use crate::{
    problem::{Code, Problem},
    secrets,
};

const MEMORY_KIB: u32 = 19 * 1024;

/// Where hashes are computed: one place for each processor, kept from one to the next. More at once would only wait for
/// each other, and a flood of log-ins would take 19 MiB each.
struct Places {
    free: Mutex<Vec<Vec<Block>>>,
    given_back: Condvar,
}

static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let many = available_parallelism().map_or(2, usize::from);
    Places { free: Mutex::new(vec![Vec::new(); many]), given_back: Condvar::new() }
});

/// One of them, until it is dropped.
struct Place(Vec<Block>);

impl Place {
    /// Waits until one is free.
    fn take(blocks: usize) -> Self {
        let mut free = PLACES.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = loop {
            match free.pop() {
                Some(place) => break place,
                None => free = PLACES.given_back.wait(free).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(free);
        place.resize(blocks, Block::default());
        Self(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        PLACES.free.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.0));
        PLACES.given_back.notify_one();
    }
}

fn hashed<'s>(password: &str, salt: Salt<'s>, params: &Params) -> Result<PasswordHash<'s>, Error> {
    let mut bytes = [0; Salt::MAX_LENGTH];
    let salt_bytes = salt.decode_b64(&mut bytes)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut place = Place::take(params.block_count());
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let output = Output::init_with(length, |output| {
        Ok(argon2.hash_password_into_with_memory(password.as_bytes(), salt_bytes, output, &mut place.0)?)
    })?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(salt),
        hash: Some(output),
    })
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
    let params = Params::new(MEMORY_KIB, 2, 1, None).map_err(|_| broken())?;
    let hashed = hashed(password, salt.as_salt(), &params).map_err(|_| broken())?;
    Ok(hashed.to_string())
}

/// Whether the password is the one that was hashed. Without a hash it takes as long and says no, so that the time
/// taken does not tell whether an account exists.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    let password = spelled(password);
    let Some(stored) = stored else {
        drop(hash_text(&password));
        return false;
    };
    PasswordHash::new(stored).and_then(|stored| is_hash_of(&stored, &password)).unwrap_or(false)
}

/// In constant time, and by the parameters of the stored hash.
fn is_hash_of(stored: &PasswordHash<'_>, password: &str) -> Result<bool, Error> {
    let salt = stored.salt.filter(|_| stored.algorithm == Algorithm::Argon2id.ident()).ok_or(Error::Algorithm)?;
    Ok(stored.hash.is_some() && hashed(password, salt, &Params::try_from(stored)?)?.hash == stored.hash)
}
