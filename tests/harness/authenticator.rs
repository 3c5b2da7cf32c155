//! An authenticator app, as on somebody's phone.

use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use super::{Person, TestApp};

/// Makes codes of the secret that it was told.
pub struct Authenticator(Totp);

impl Authenticator {
    /// One that was told this, in base 32.
    pub fn told(secret: &str) -> Self {
        let secret = Secret::try_from_base32(secret).unwrap();
        Self(Builder::new().with_secret(secret).with_account_name("x").build().unwrap())
    }

    /// The code so many steps of 30 seconds from now. The present one and then the next are good even if a step begins
    /// between making and sending them; the one before is not.
    pub fn code(&self, steps: i64) -> String {
        let at = api::clock::real_now().timestamp() + steps * 30;
        self.0.generate(u64::try_from(at).unwrap()).to_string()
    }

    /// The bytes of its secret.
    pub fn secret(&self) -> &[u8] {
        self.0.secret().as_bytes()
    }
}

impl TestApp {
    /// Adds a second factor by its present code, so that the next one is good afterwards; and the recovery codes.
    pub fn add_second_factor(&self, person: &Person) -> (Authenticator, Value) {
        let enrolment = self.post("/v1/me/second-factor").by(person).send().expect(201);
        let url = enrolment["otpauth_url"].as_str().unwrap();
        assert!(url.starts_with("otpauth://totp/Azukari:") && url.contains("issuer=Azukari"), "{url}");
        let phone = Authenticator::told(enrolment["secret"].as_str().unwrap());
        let confirm = self.post("/v1/me/second-factor/confirm").by(person).json(&json!({"code": phone.code(0)}));
        (phone, confirm.expect(200)["recovery_codes"].clone())
    }
}
