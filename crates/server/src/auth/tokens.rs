//! The tokens that open a session: JWTs signed with HS256, the signing key named in the header.

use std::time::Duration;

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kuzushi_domain::{Id, id};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "kuzushi";
/// What session tokens are for; other kinds of token will have another audience.
const SESSION_AUDIENCE: &str = "session";

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

/// The token is malformed, expired, or not ours. Which of them is nobody's business but the log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid")]
pub struct InvalidToken;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    iss: String,
    aud: String,
    /// Who may act: for a session's token, the session itself.
    sub: String,
    tenant_id: String,
    session_id: String,
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
        let expires_at = now.checked_add_signed(self.lifetime).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::HS256) };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: SESSION_AUDIENCE.to_owned(),
            sub: claims.session.to_string(),
            tenant_id: claims.tenant.to_string(),
            session_id: claims.session.to_string(),
            iat: now.timestamp(),
            exp: expires_at.timestamp(),
            jti: Uuid::now_v7().simple().to_string(),
        };
        let token = jsonwebtoken::encode(&header, &claims, &self.signing).map_err(|_| InvalidToken)?;
        Ok((token, expires_at))
    }

    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<SessionClaims, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken)?;
        if header.kid.as_deref() != Some(self.key_id.as_str()) {
            return Err(InvalidToken);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[SESSION_AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library reads the machine's clock; ours is passed in.
        validation.validate_exp = false;
        let claims =
            jsonwebtoken::decode::<Claims>(token, &self.verifying, &validation).map_err(|_| InvalidToken)?.claims;
        if claims.exp <= now.timestamp() || claims.sub != claims.session_id {
            return Err(InvalidToken);
        }
        Ok(SessionClaims {
            tenant: claims.tenant_id.parse().map_err(|_| InvalidToken)?,
            session: claims.session_id.parse().map_err(|_| InvalidToken)?,
        })
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
        assert_eq!(tokens().verify(&token, now() + TimeDelta::seconds(59)), Ok(claims));
        assert_eq!(tokens().verify(&token, expires_at), Err(InvalidToken));
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
