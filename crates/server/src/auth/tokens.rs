//! The tokens that open a session, or a user's sessions: JWTs signed with HS256, the signing key named in the header.

use std::time::Duration;

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kuzushi_domain::{Id, Phi, id};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "kuzushi";
/// What tokens are for: each kind has its own audience.
const SESSION_AUDIENCE: &str = "session";
const USER_AUDIENCE: &str = "user";

/// Makes and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    key_id: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    lifetime: TimeDelta,
}

/// What a session token says, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionClaims {
    pub tenant: Id<id::Tenant>,
    pub session: Id<id::Session>,
}

/// What a user's token says, checked. Whether the login still counts is for the store to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserClaims {
    pub tenant: Id<id::Tenant>,
    pub user: Id<id::User>,
    /// The token's `jti`.
    pub login: Id<id::Login>,
}

/// What a token says, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claims {
    Session(SessionClaims),
    User(UserClaims),
}

/// The token is malformed, expired, or not ours. Which of them is nobody's business but the log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid")]
pub struct InvalidToken;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    iss: String,
    aud: String,
    /// Who may act: a user, or for a session's token, the session itself.
    sub: String,
    tenant_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Seconds since 1970.
    iat: i64,
    exp: i64,
    jti: String,
}

impl Tokens {
    /// `secret` has at least 32 bytes; the configuration sees to that.
    pub fn new(secret: &str, lifetime: Duration) -> Self {
        let fingerprint = digest::digest(&digest::SHA256, secret.as_bytes());
        Self {
            key_id: fingerprint.as_ref()[..4].iter().map(|byte| format!("{byte:02x}")).collect(),
            signing: EncodingKey::from_secret(secret.as_bytes()),
            verifying: DecodingKey::from_secret(secret.as_bytes()),
            lifetime: TimeDelta::from_std(lifetime).unwrap_or(TimeDelta::MAX),
        }
    }

    /// A token for a session, and when it expires.
    pub fn issue(&self, claims: SessionClaims, now: DateTime<Utc>) -> Result<(String, DateTime<Utc>), InvalidToken> {
        let expires_at = self.expiry(now);
        let payload = Payload {
            iss: ISSUER.to_owned(),
            aud: SESSION_AUDIENCE.to_owned(),
            sub: claims.session.to_string(),
            tenant_id: claims.tenant.to_string(),
            session_id: Some(claims.session.to_string()),
            email: None,
            iat: now.timestamp(),
            exp: expires_at.timestamp(),
            jti: Uuid::now_v7().simple().to_string(),
        };
        Ok((self.sign(&payload)?, expires_at))
    }

    /// A token for a user; it expires with the login.
    pub fn issue_to_user(
        &self,
        claims: UserClaims,
        email: Option<&Phi<String>>,
        now: DateTime<Utc>,
    ) -> Result<String, InvalidToken> {
        self.sign(&Payload {
            iss: ISSUER.to_owned(),
            aud: USER_AUDIENCE.to_owned(),
            sub: claims.user.to_string(),
            tenant_id: claims.tenant.to_string(),
            session_id: None,
            email: email.map(|email| email.expose().clone()),
            iat: now.timestamp(),
            exp: self.expiry(now).timestamp(),
            jti: claims.login.to_string(),
        })
    }

    /// When a token that is issued now expires.
    pub fn expiry(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_add_signed(self.lifetime).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    fn sign(&self, payload: &Payload) -> Result<String, InvalidToken> {
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, payload, &self.signing).map_err(|_| InvalidToken)
    }

    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken)?;
        if header.kid.as_deref() != Some(self.key_id.as_str()) {
            return Err(InvalidToken);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[SESSION_AUDIENCE, USER_AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library reads the machine's clock; ours is passed in.
        validation.validate_exp = false;
        let payload =
            jsonwebtoken::decode::<Payload>(token, &self.verifying, &validation).map_err(|_| InvalidToken)?.claims;
        if payload.exp <= now.timestamp() {
            return Err(InvalidToken);
        }
        let tenant = payload.tenant_id.parse().map_err(|_| InvalidToken)?;
        match (payload.aud.as_str(), &payload.session_id) {
            (SESSION_AUDIENCE, Some(session)) if *session == payload.sub => {
                Ok(Claims::Session(SessionClaims { tenant, session: session.parse().map_err(|_| InvalidToken)? }))
            }
            (USER_AUDIENCE, None) => Ok(Claims::User(UserClaims {
                tenant,
                user: payload.sub.parse().map_err(|_| InvalidToken)?,
                login: payload.jti.parse().map_err(|_| InvalidToken)?,
            })),
            _ => Err(InvalidToken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use chrono::TimeZone;

    const SECRET: &str = "a secret of at least thirty-two bytes";

    fn tokens() -> Tokens {
        Tokens::new(SECRET, Duration::from_secs(60))
    }

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap()
    }

    fn claims() -> SessionClaims {
        SessionClaims { tenant: Id::generate(), session: Id::generate() }
    }

    #[test]
    fn a_token_opens_its_session_until_it_expires() {
        let claims = claims();
        let (token, expires_at) = tokens().issue(claims, now()).unwrap();
        assert_eq!(expires_at, now() + TimeDelta::seconds(60));
        assert_eq!(tokens().verify(&token, now() + TimeDelta::seconds(59)), Ok(Claims::Session(claims)));
        assert_eq!(tokens().verify(&token, expires_at), Err(InvalidToken));
    }

    #[test]
    fn a_users_token_names_the_user_and_the_login() {
        let claims = UserClaims { tenant: Id::generate(), user: Id::generate(), login: Id::generate() };
        let token = tokens().issue_to_user(claims, Some(&Phi::from("jane@example.org")), now()).unwrap();
        assert_eq!(tokens().verify(&token, now()), Ok(Claims::User(claims)));
        assert_eq!(tokens().verify(&token, tokens().expiry(now())), Err(InvalidToken));
    }

    #[test]
    fn a_foreign_or_altered_token_is_refused() {
        let (token, _) = tokens().issue(claims(), now()).unwrap();
        let other = Tokens::new("another secret of thirty-two bytes!!", Duration::from_secs(60));
        assert_eq!(other.verify(&token, now()), Err(InvalidToken));
        let (head, rest) = token.split_once('.').unwrap();
        let (body, signature) = rest.split_once('.').unwrap();
        let mut altered = URL_SAFE_NO_PAD.decode(body).unwrap();
        altered[10] ^= 1;
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        for token in [
            format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(altered)),
            format!("{unsigned}.{body}."),
            format!("{head}.{body}."),
            String::new(),
            String::from("a.b.c"),
        ] {
            assert_eq!(tokens().verify(&token, now()), Err(InvalidToken), "{token}");
        }
    }
}
