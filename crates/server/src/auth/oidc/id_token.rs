//! What an ID token has to say to be trusted (OpenID Connect Core 1.0, 3.1.3.7).

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde::Deserialize;

/// Public-key signatures only: what the client's secret signs is no better than the secret.
const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// Seconds that a provider's clock may be wrong.
const CLOCK_SKEW: i64 = 60;

/// What the token has to say.
pub struct Wanted<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
}

#[derive(Debug, Deserialize)]
pub struct Claims {
    pub sub: String,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    azp: Option<String>,
    pub email: Option<String>,
    pub email_verified: Option<serde_json::Value>,
}

/// It is not to be trusted. Why is nobody's business but the log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ID token is not to be trusted: {0}")]
pub struct Untrusted(&'static str);

pub fn verify(token: &str, keys: &JwkSet, wanted: &Wanted<'_>, now: DateTime<Utc>) -> Result<Claims, Untrusted> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| Untrusted("it is no JWT"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Untrusted("its algorithm"));
    }
    let key = match (&header.kid, &keys.keys[..]) {
        (Some(kid), _) => keys.find(kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let key = key.ok_or(Untrusted("its key is unknown"))?;
    let key = DecodingKey::from_jwk(key).map_err(|_| Untrusted("its key cannot be used"))?;
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[wanted.issuer]);
    validation.set_audience(&[wanted.client_id]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    // The library reads the machine's clock; ours is passed in.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation);
    let claims = claims.map_err(|_| Untrusted("its signature, issuer or audience"))?.claims;
    if claims.exp <= now.timestamp() - CLOCK_SKEW || claims.iat > now.timestamp() + CLOCK_SKEW {
        return Err(Untrusted("its time"));
    }
    if claims.nonce.as_deref() != Some(wanted.nonce) {
        return Err(Untrusted("its nonce"));
    }
    if claims.azp.as_deref().is_some_and(|party| party != wanted.client_id) {
        return Err(Untrusted("it was made for somebody else"));
    }
    if claims.sub.is_empty() { Err(Untrusted("it names nobody")) } else { Ok(claims) }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    use super::*;

    const WANTED: Wanted<'_> = Wanted { issuer: "https://login.example", client_id: "kuzushi", nonce: "n1" };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn claims() -> Value {
        json!({
            "iss": WANTED.issuer, "aud": WANTED.client_id, "sub": "ann", "nonce": "n1",
            "iat": now().timestamp(), "exp": now().timestamp() + 60,
        })
    }

    struct Provider {
        signing: EncodingKey,
        public: Vec<u8>,
        keys: JwkSet,
    }

    fn provider() -> Provider {
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let x = URL_SAFE_NO_PAD.encode(&public);
        let keys =
            json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "alg": "EdDSA", "use": "sig", "x": x}]});
        Provider {
            signing: EncodingKey::from_ed_der(document.as_ref()),
            public,
            keys: serde_json::from_value(keys).unwrap(),
        }
    }

    fn header(kid: Option<&str>) -> Header {
        Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::EdDSA) }
    }

    #[test]
    fn a_fresh_token_for_us_and_this_sign_in_is_trusted() {
        let provider = provider();
        let outcome = |change: &dyn Fn(&mut Value), kid: Option<&str>| {
            let mut claims = claims();
            change(&mut claims);
            let token = jsonwebtoken::encode(&header(kid), &claims, &provider.signing).unwrap();
            verify(&token, &provider.keys, &WANTED, now()).map(|claims| claims.sub)
        };
        assert_eq!(outcome(&|_| {}, Some("k1")), Ok("ann".into()));
        assert_eq!(outcome(&|_| {}, None), Ok("ann".into()), "there is one key only");
        assert_eq!(outcome(&|claims| claims["aud"] = json!(["kuzushi", "other"]), Some("k1")), Ok("ann".into()));
        assert!(outcome(&|_| {}, Some("k2")).is_err());
        for (field, value) in [
            ("iss", json!("https://elsewhere.example")),
            ("iss", json!("https://login.example/")),
            ("aud", json!("other")),
            ("aud", json!(null)),
            ("azp", json!("other")),
            ("nonce", json!("n2")),
            ("nonce", json!(null)),
            ("exp", json!(now().timestamp() - 61)),
            ("iat", json!(now().timestamp() + 61)),
            ("sub", json!("")),
            ("sub", json!(null)),
        ] {
            assert!(outcome(&|claims| claims[field] = value.clone(), Some("k1")).is_err(), "{field}: {value}");
        }
    }

    #[test]
    fn a_signature_of_somebody_else_or_of_another_kind_is_not() {
        let (provider, other) = (provider(), self::provider());
        let verified = |token: &str| verify(token, &provider.keys, &WANTED, now()).map(drop);
        let forged = jsonwebtoken::encode(&header(Some("k1")), &claims(), &other.signing).unwrap();
        assert!(verified(&forged).is_err());
        // The public key, which everybody has, taken for a shared secret.
        let hs256 = Header { kid: Some("k1".into()), ..Header::new(Algorithm::HS256) };
        let forged = jsonwebtoken::encode(&hs256, &claims(), &EncodingKey::from_secret(&provider.public)).unwrap();
        assert_eq!(verified(&forged), Err(Untrusted("its algorithm")));
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let body = URL_SAFE_NO_PAD.encode(claims().to_string());
        assert!(verified(&format!("{unsigned}.{body}.")).is_err());
        assert!(verified("").is_err());
    }
}
