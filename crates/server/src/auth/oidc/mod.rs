//! OpenID Connect: a provider that the hospital runs vouches for its staff. Authorization code flow with PKCE, state and nonce.
//!
//! Our own few calls over the HTTP client and the JWT library that are here already: the crate for it brings a second set of
//! cryptography, RSA with known timing leaks among it.

mod id_token;

use std::{sync::OnceLock, time::Duration};

use aws_lc_rs::{digest, rand};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::JwkSet;
use kuzushi_domain::EmailAddress;
use kuzushi_store::{IdentityProvider, SecretHash};
use reqwest::{Client, RequestBuilder, Response, Url, header, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};

pub use id_token::{Claims, Untrusted, Wanted};

use super::api_keys::NoRandomness;

/// How long a provider may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that an answer may have.
const LONGEST_ANSWER: usize = 1 << 20;
/// Random bytes in a state, a nonce, a verifier or a code.
const SECRET_LENGTH: usize = 32;
/// What is asked for: who it is, and their address.
const SCOPES: &str = "openid email";

/// Why a provider did not vouch for somebody.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It is not there, or what it says makes no sense. For the log, not for browsers.
    #[error("{0}")]
    Provider(String),
    /// It would not, or what it gave is not to be trusted.
    #[error("{0}")]
    Refused(&'static str),
}

/// What a provider says about itself (OpenID Connect Discovery 1.0).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: Option<String>,
    access_token: Option<String>,
}

/// What a provider says of somebody besides the ID token.
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
    email_verified: Option<serde_json::Value>,
}

/// The secrets of a sign-in that begins.
pub struct Secrets {
    pub state: String,
    pub nonce: String,
    pub code_verifier: String,
}

/// Whom a provider vouches for.
pub struct Person {
    pub subject: String,
    /// Where the provider says that it has made sure of it.
    pub verified_email: Option<EmailAddress>,
}

/// What came back from the provider.
pub struct Returned<'a> {
    pub code: &'a str,
    pub nonce: &'a str,
    pub code_verifier: &'a str,
    pub redirect_uri: &'a str,
}

/// Talks to providers.
#[derive(Default)]
pub struct Oidc {
    /// Made at the first sign-in: few installations have a provider.
    client: OnceLock<Client>,
}

impl Oidc {
    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Where a provider would send us is for its settings to say, not for its answers.
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none()).build();
        let client = client.map_err(|error| Failure::Provider(error.to_string()))?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Where to send a browser.
    pub async fn authorization_url(
        &self,
        provider: &IdentityProvider,
        secrets: &Secrets,
        redirect_uri: &str,
    ) -> Result<String, Failure> {
        let metadata = self.metadata(&provider.issuer).await?;
        let challenge = URL_SAFE_NO_PAD.encode(hash(&secrets.code_verifier));
        let mut url = address(&metadata.authorization_endpoint)?;
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", provider.client_id.as_str()),
            ("redirect_uri", redirect_uri),
            ("scope", SCOPES),
            ("state", secrets.state.as_str()),
            ("nonce", secrets.nonce.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        Ok(url.into())
    }

    /// Exchanges the code that a browser brought for whom the provider vouches for.
    pub async fn person(
        &self,
        provider: &IdentityProvider,
        returned: Returned<'_>,
        now: DateTime<Utc>,
    ) -> Result<Person, Failure> {
        let metadata = self.metadata(&provider.issuer).await?;
        let answer = self.token(provider, &metadata, &returned).await?;
        let id_token = answer.id_token.ok_or(Failure::Refused("the provider gave no ID token"))?;
        let keys: JwkSet = self.read(self.client()?.get(address(&metadata.jwks_uri)?)).await?;
        let wanted = Wanted { issuer: &provider.issuer, client_id: &provider.client_id, nonce: returned.nonce };
        let claims = id_token::verify(&id_token, &keys, &wanted, now)
            .map_err(|_| Failure::Refused("the provider's ID token is not to be trusted"))?;
        let verified_email = if claims.email.is_some() {
            verified(claims.email.as_deref(), claims.email_verified.as_ref())
        } else {
            // Some say it there only.
            self.email_of(&metadata, answer.access_token.as_deref(), &claims.sub).await?
        };
        Ok(Person { subject: claims.sub, verified_email })
    }

    async fn metadata(&self, issuer: &str) -> Result<Metadata, Failure> {
        let url = address(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
        let metadata: Metadata = self.read(self.client()?.get(url)).await?;
        // Or it speaks for somebody else.
        if metadata.issuer != issuer {
            return Err(Failure::Provider(String::from("it says that it is another issuer")));
        }
        Ok(metadata)
    }

    async fn token(
        &self,
        provider: &IdentityProvider,
        metadata: &Metadata,
        returned: &Returned<'_>,
    ) -> Result<TokenAnswer, Failure> {
        let secret = provider.client_secret.expose();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", returned.code),
            ("redirect_uri", returned.redirect_uri),
            ("code_verifier", returned.code_verifier),
        ];
        let mut request = self.client()?.post(address(&metadata.token_endpoint)?);
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
        if methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic")) {
            // RFC 6749, 2.3.1: both encoded as in a form.
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encoded(&provider.client_id), encoded(secret));
            request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
        } else {
            form.extend([("client_id", provider.client_id.as_str()), ("client_secret", secret.as_str())]);
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let answer = self.send(request).await?;
        if answer.status().is_client_error() {
            return Err(Failure::Refused(
                "the provider does not take the code, which may have been used, or not our secret",
            ));
        }
        read(answer).await
    }

    async fn email_of(
        &self,
        metadata: &Metadata,
        access_token: Option<&str>,
        subject: &str,
    ) -> Result<Option<EmailAddress>, Failure> {
        let (Some(endpoint), Some(token)) = (&metadata.userinfo_endpoint, access_token) else { return Ok(None) };
        let info: UserInfo = self.read(self.client()?.get(address(endpoint)?).bearer_auth(token)).await?;
        if info.sub != subject {
            return Err(Failure::Refused("the provider speaks of two people"));
        }
        Ok(verified(info.email.as_deref(), info.email_verified.as_ref()))
    }

    async fn read<Answer: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        read(self.send(request).await?).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        request.header(header::ACCEPT, "application/json").send().await.map_err(unreachable)
    }
}

fn unreachable(error: reqwest::Error) -> Failure {
    Failure::Provider(error.without_url().to_string())
}

/// An answer in JSON. Nothing of it goes into an error: it may hold tokens.
async fn read<Answer: DeserializeOwned>(mut response: Response) -> Result<Answer, Failure> {
    let status = response.status();
    if !status.is_success() {
        return Err(Failure::Provider(format!("it answers {status}")));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Failure::Provider(String::from("its answer is too long")));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| Failure::Provider(String::from("its answer is not what it should be")))
}

/// An address that a provider may have: nobody else reads along.
fn address(text: &str) -> Result<Url, Failure> {
    let url: Url = text.parse().map_err(|_| Failure::Provider(String::from("it names an address that is none")))?;
    if is_private(&url) { Ok(url) } else { Err(Failure::Provider(String::from("it names an address without TLS"))) }
}

/// Whether nobody reads along: over TLS, or on this machine.
pub fn is_private(url: &Url) -> bool {
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

fn verified(email: Option<&str>, is_verified: Option<&serde_json::Value>) -> Option<EmailAddress> {
    // Some providers write booleans as text.
    let is_verified = is_verified.is_some_and(|value| *value == true || *value == "true");
    email.filter(|_| is_verified).and_then(|email| email.parse().ok())
}

/// New secrets for a sign-in.
pub fn new_secrets() -> Result<Secrets, NoRandomness> {
    Ok(Secrets { state: new_secret()?, nonce: new_secret()?, code_verifier: new_secret()? })
}

pub fn new_secret() -> Result<String, NoRandomness> {
    let mut secret = [0; SECRET_LENGTH];
    rand::fill(&mut secret).map_err(|_| NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(secret))
}

/// What is kept, or sent ahead, of a secret.
pub fn hash(secret: &str) -> SecretHash {
    let mut hash = SecretHash::default();
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    hash
}
