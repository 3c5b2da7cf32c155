//! One provider: its documents, which are remembered, and its answers, which are checked.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SubjectIdentifier, TokenResponse,
    TokenUrl, UserInfoError, UserInfoUrl,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier,
        CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
    },
    url::Url,
};
use secrecy::ExposeSecret;

use super::{
    Account, Brought, Failed, Visit,
    http::{self, BrokenClient, HttpError},
};
use crate::{clock, config::SocialSettings, email::is_address};

/// How long a provider's documents are gone by.
const REMEMBERED: TimeDelta = TimeDelta::hours(1);

/// How soon they are asked for again when a key is not among them: providers change keys, and strangers make some up.
const ASKED_AGAIN: TimeDelta = TimeDelta::minutes(1);

/// How old an ID token may be, and how far its clock ahead of ours.
const AGE: TimeDelta = TimeDelta::minutes(10);
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// Signatures that we accept: those whose keys the provider publishes. Not those by a secret that two share, and not
/// none.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 6] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
];

/// What a provider published, and when we read it.
type Documents = Arc<(CoreProviderMetadata, DateTime<Utc>)>;

/// The longest subject (OpenID Connect Core, section 2).
const LONGEST_SUBJECT: usize = 255;

/// What a provider says of somebody, if it can be anybody's: no provider brings in what nobody could register with.
fn accepted(account: Account) -> Result<Account, Failed> {
    let email = is_address(&account.email);
    let subject = &account.subject;
    let named = (1..=LONGEST_SUBJECT).contains(&subject.len()) && subject.bytes().all(|byte| byte.is_ascii_graphic());
    match (email, named) {
        (true, true) => Ok(account),
        (false, _) => Err(Failed::Refused("the address is none".into())),
        (true, false) => Err(Failed::Refused("the subject is none".into())),
    }
}

/// Whether an answer brings an ID token, whatever it is: then the provider did answer.
fn holds_id_token(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|answer| answer.get("id_token").is_some())
}

/// An address in a provider's documents that anybody on the way could answer for.
pub fn unencrypted(metadata: &CoreProviderMetadata) -> Option<&Url> {
    let all = [
        Some(metadata.authorization_endpoint().url()),
        Some(metadata.jwks_uri().url()),
        metadata.token_endpoint().map(TokenUrl::url),
        metadata.userinfo_endpoint().map(UserInfoUrl::url),
    ];
    all.into_iter().flatten().find(|url| url.scheme() != "https")
}

/// One provider.
#[derive(Debug)]
pub struct Provider {
    settings: SocialSettings,
    client: http::Client,
    https_only: bool,
    documents: RwLock<Option<Documents>>,
}

impl Provider {
    /// One that is talked with by https alone, or also without, as a test's may be.
    pub(super) fn new(settings: SocialSettings, https_only: bool) -> Result<Self, BrokenClient> {
        let client = http::Client::new(https_only)?;
        Ok(Self { settings, client, https_only, documents: RwLock::new(None) })
    }

    /// Its issuer identifier.
    pub fn issuer(&self) -> &str {
        self.settings.issuer.as_str()
    }

    /// Whether it may send people back there.
    pub fn knows(&self, redirect_uri: &str) -> bool {
        self.settings.knows(redirect_uri)
    }

    /// Where to send a visitor.
    ///
    /// # Errors
    /// The provider does not tell.
    pub async fn authorization_url(&self, visit: &Visit, redirect_uri: &str) -> Result<String, Failed> {
        let documents = self.documents(REMEMBERED).await?;
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| Failed::Refused(error.to_string()))?;
        let (state, nonce) = (visit.state.clone(), visit.nonce.clone());
        let verifier = PkceCodeVerifier::new(visit.verifier.clone());
        let client = CoreClient::from_provider_metadata(documents.0.clone(), self.client_id(), None);
        let request = client.set_redirect_uri(redirect);
        let request = request
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(self.settings.scopes.split_whitespace().map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        Ok(request.url().0.to_string())
    }

    /// For whom the provider vouches.
    ///
    /// # Errors
    /// It does not answer, does not take the code, or what it says does not hold.
    pub async fn account(&self, visit: &Visit, brought: Brought) -> Result<Account, Failed> {
        if brought.issuer.as_deref().is_some_and(|issuer| issuer != self.issuer()) {
            return Err(Failed::Refused("the answer of another provider".into()));
        }
        let documents = self.documents(REMEMBERED).await?;
        let answer = self.exchange(&documents.0, visit, brought).await?;
        let token = answer.id_token().ok_or_else(|| Failed::Refused("there is no ID token".into()))?;
        let claims = match self.claims(&documents.0, token, visit) {
            Ok(claims) => claims,
            Err(_) if documents.1 + ASKED_AGAIN < clock::real_now() => {
                let fresh = self.documents(ASKED_AGAIN).await?;
                self.claims(&fresh.0, token, visit)?
            }
            Err(failed) => return Err(failed),
        };
        self.check_access_token(&documents.0, &answer, token, claims)?;
        let verified = claims.email().zip(claims.email_verified());
        let verified = match verified.map(|(email, verified)| (email.to_string(), verified)) {
            Some(told) => Some(told),
            None => self.address(&documents.0, &answer, claims.subject().clone()).await?,
        };
        let (email, _) = verified.filter(|(_, verified)| *verified).ok_or(Failed::Unverified)?;
        accepted(Account { issuer: claims.issuer().to_string(), subject: claims.subject().to_string(), email })
    }

    /// The address of the subject, and whether it is verified, from those who do not tell it in the ID token (OpenID
    /// Connect Core, section 5.4).
    async fn address(
        &self,
        metadata: &CoreProviderMetadata,
        answer: &CoreTokenResponse,
        subject: SubjectIdentifier,
    ) -> Result<Option<(String, bool)>, Failed> {
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client_id(), None);
        let Ok(request) = client.user_info(answer.access_token().clone(), Some(subject)) else { return Ok(None) };
        let caller = self.client.caller();
        let told: Result<CoreUserInfoClaims, _> = request.request_async(&caller).await;
        let told = told.map_err(|error| {
            let silent = matches!(error, UserInfoError::Request(_));
            if silent { Failed::Unavailable(error.to_string()) } else { Failed::Refused(error.to_string()) }
        })?;
        Ok(told.email().map(|email| email.to_string()).zip(told.email_verified()))
    }

    /// What the provider published: as remembered, unless that is older than this.
    async fn documents(&self, age: TimeDelta) -> Result<Documents, Failed> {
        let known = self.documents.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.1 + age > clock::real_now()) {
            return Ok(known);
        }
        let caller = self.client.caller();
        let metadata = CoreProviderMetadata::discover_async(self.settings.issuer.clone(), &caller).await;
        let metadata = metadata.map_err(|error| Failed::Unavailable(error.to_string()))?;
        if let Some(url) = unencrypted(&metadata).filter(|_| self.https_only) {
            return Err(Failed::Unavailable(format!("its documents name {url}, which is not reached by https")));
        }
        let fresh = Arc::new((metadata, clock::real_now()));
        *self.documents.write().unwrap_or_else(PoisonError::into_inner) = Some(fresh.clone());
        Ok(fresh)
    }

    fn client_id(&self) -> ClientId {
        ClientId::new(self.settings.client_id.clone())
    }

    async fn exchange(
        &self,
        metadata: &CoreProviderMetadata,
        visit: &Visit,
        brought: Brought,
    ) -> Result<CoreTokenResponse, Failed> {
        let refused = |error: &dyn std::fmt::Display| Failed::Refused(error.to_string());
        let secret = ClientSecret::new(self.settings.client_secret.expose_secret().to_owned());
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client_id(), Some(secret));
        let redirect = RedirectUrl::new(brought.redirect_uri).map_err(|error| refused(&error))?;
        let client = client.set_redirect_uri(redirect);
        let request = client.exchange_code(AuthorizationCode::new(brought.code)).map_err(|error| refused(&error))?;
        let caller = self.client.caller();
        let verifier = PkceCodeVerifier::new(visit.verifier.clone());
        let answer = request.set_pkce_verifier(verifier).request_async(&caller).await;
        answer.map_err(|error| match error {
            // Why is the provider's business, and may hold what was brought.
            RequestTokenError::ServerResponse(why) => Failed::Refused(format!("{:?}", why.error())),
            RequestTokenError::Request(HttpError::NoAnswer(_)) => Failed::Unavailable("no token".into()),
            RequestTokenError::Parse(_, body) if holds_id_token(&body) => {
                Failed::Refused("an ID token that cannot be read".into())
            }
            RequestTokenError::Request(HttpError::TooLong | HttpError::Unreadable(_))
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_) => Failed::Unavailable("no token that can be read".into()),
        })
    }

    /// The claims of an ID token, if all of it holds (OpenID Connect Core, section 3.1.3.7): signature, algorithm, issuer,
    /// audience, authorized party, times, nonce.
    fn claims<'t>(
        &self,
        metadata: &CoreProviderMetadata,
        token: &'t CoreIdToken,
        visit: &Visit,
    ) -> Result<&'t CoreIdTokenClaims, Failed> {
        let expected = Nonce::new(visit.nonce.clone());
        // The errors name what was wrong, and no token.
        let claims = token.claims(&self.verifier(metadata), &expected);
        let claims = claims.map_err(|error| Failed::Refused(error.to_string()))?;
        // The library compares it only where there are several audiences.
        match claims.authorized_party() {
            Some(party) if party.as_str() != self.settings.client_id => {
                Err(Failed::Refused("it was made for another client".into()))
            }
            Some(_) | None => Ok(claims),
        }
    }

    fn verifier(&self, metadata: &CoreProviderMetadata) -> CoreIdTokenVerifier<'static> {
        // As a public client's: so no secret is ever a key.
        let keys = metadata.jwks().clone();
        CoreIdTokenVerifier::new_public_client(self.client_id(), self.settings.issuer.clone(), keys)
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(clock::real_now)
            .set_issue_time_verifier_fn(|issued| {
                let now = clock::real_now();
                let good = issued + AGE > now && issued < now + AHEAD;
                if good { Ok(()) } else { Err("it is not of now".to_owned()) }
            })
    }

    fn check_access_token(
        &self,
        metadata: &CoreProviderMetadata,
        answer: &CoreTokenResponse,
        token: &CoreIdToken,
        claims: &CoreIdTokenClaims,
    ) -> Result<(), Failed> {
        let refused = |error: &dyn std::fmt::Display| Failed::Refused(error.to_string());
        let Some(expected) = claims.access_token_hash() else { return Ok(()) };
        let algorithm = token.signing_alg().map_err(|error| refused(&error))?;
        let verifier = self.verifier(metadata);
        let key = token.signing_key(&verifier).map_err(|error| refused(&error))?;
        let hash = AccessTokenHash::from_token(answer.access_token(), algorithm, key);
        let same = hash.map_err(|error| refused(&error))? == *expected;
        if same { Ok(()) } else { Err(Failed::Refused("the access token is another's".into())) }
    }
}
