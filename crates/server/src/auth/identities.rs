//! What a hospital's own site says about who a visitor is: a short JWT, signed with a key of the app's.

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk},
};
use kuzushi_domain::{PatientRecord, Phi, is_logical_id};
use kuzushi_store::{App, Assertion, StoreError, TenantScope};
use serde::Deserialize;

use super::api_keys::NoRandomness;

/// How far ahead such a token may expire: what it says is to be said anew for every visit.
const LONGEST_LIFE: TimeDelta = TimeDelta::minutes(10);
/// Characters that the names in it may have.
const LONGEST_NAME: usize = 200;
/// Bytes of a shared secret.
const SECRET_LENGTH: usize = 32;
/// Bytes that an RSA modulus has at least: 2,048 bits.
const SHORTEST_MODULUS: usize = 256;

/// Why a hospital's word is not taken, for the developers of its site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Disbelief {
    #[error("it is no JWT with a `kid`")]
    Malformed,
    #[error("no key of the app has its `kid`")]
    UnknownKey,
    #[error("its signature, its algorithm or its `aud`, which must be the projectId, is wrong")]
    Wrong,
    #[error("it has expired")]
    Expired,
    #[error("it expires more than ten minutes from now")]
    TooLong,
    #[error("`sub` and `jti` must have 1 to 200 characters, and `name` at most 200")]
    Names,
    #[error("`fhirPatient` must be the logical id of a Patient: 1 to 64 letters, digits, - and .")]
    Record,
    #[error("it was used before: sign a new one for every visit")]
    Used,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    jti: String,
    #[serde(default)]
    name: String,
    /// The logical id of the patient on the app's FHIR server.
    #[serde(default, rename = "fhirPatient")]
    fhir_patient: Option<String>,
}

/// Checks a token. That it is used once is for the store to see to. `fhir_server` names the server that has the records of the
/// app's patients.
pub async fn verify(
    scope: &TenantScope,
    app: &App,
    token: &str,
    fhir_server: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Result<Assertion, Disbelief>, StoreError> {
    let Some(kid) = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid) else {
        return Ok(Err(Disbelief::Malformed));
    };
    let Some((key, secret)) = scope.identity_key(app.id, &kid).await? else {
        return Ok(Err(Disbelief::UnknownKey));
    };
    Ok(read(token, &key.algorithm, &secret, &app.project_id, now).map(|claims| Assertion {
        app: app.id,
        subject: Phi::new(claims.sub),
        name: Phi::new(claims.name),
        record: record(fhir_server, claims.fhir_patient),
        jti: claims.jti,
        expires_at: DateTime::from_timestamp(claims.exp, 0).unwrap_or(now),
    }))
}

/// What a site says of a patient's record is of use where the app has a server for it.
fn record(server: Option<&str>, patient: Option<String>) -> Option<PatientRecord> {
    Some(PatientRecord { server: server?.to_owned(), patient: Phi::new(patient?) })
}

fn read(
    token: &str,
    algorithm: &str,
    secret: &[u8],
    project_id: &str,
    now: DateTime<Utc>,
) -> Result<Claims, Disbelief> {
    let algorithm: Algorithm = algorithm.parse().map_err(|_| Disbelief::Wrong)?;
    let key = match algorithm {
        Algorithm::HS256 => DecodingKey::from_secret(secret),
        _ => serde_json::from_slice(secret)
            .ok()
            .and_then(|key| DecodingKey::from_jwk(&key).ok())
            .ok_or(Disbelief::Wrong)?,
    };
    // The key's own algorithm and no other: a public key must never be taken for a shared secret.
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[project_id]);
    validation.set_required_spec_claims(&["aud", "exp", "sub"]);
    // The library reads the machine's clock; ours is passed in.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| Disbelief::Wrong)?.claims;
    if claims.exp <= now.timestamp() {
        return Err(Disbelief::Expired);
    }
    if claims.exp > (now + LONGEST_LIFE).timestamp() {
        return Err(Disbelief::TooLong);
    }
    if claims.fhir_patient.as_deref().is_some_and(|id| !is_logical_id(id)) {
        return Err(Disbelief::Record);
    }
    let length = |text: &str| text.chars().count();
    let has_names = [&claims.sub, &claims.jti].iter().all(|text| (1..=LONGEST_NAME).contains(&length(text)));
    if has_names && length(&claims.name) <= LONGEST_NAME { Ok(claims) } else { Err(Disbelief::Names) }
}

/// A new shared secret: its text is the key.
pub fn generate_secret() -> Result<String, NoRandomness> {
    let mut secret = [0; SECRET_LENGTH];
    rand::fill(&mut secret).map_err(|_| NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(secret))
}

/// The algorithm that goes with a public key.
pub fn algorithm_of(key: &serde_json::Value) -> Option<&'static str> {
    let key: Jwk = serde_json::from_value(key.clone()).ok()?;
    let algorithm = match &key.algorithm {
        AlgorithmParameters::RSA(parameters) => {
            let modulus = URL_SAFE_NO_PAD.decode(&parameters.n).ok()?;
            (modulus.len() >= SHORTEST_MODULUS).then_some("RS256")
        }
        AlgorithmParameters::EllipticCurve(parameters) => (parameters.curve == EllipticCurve::P256).then_some("ES256"),
        AlgorithmParameters::OctetKeyPair(parameters) => {
            (parameters.curve == EllipticCurve::Ed25519).then_some("EdDSA")
        }
        _ => None,
    };
    algorithm.filter(|_| DecodingKey::from_jwk(&key).is_ok())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use chrono::TimeZone;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a shared secret of a hospital's site";

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 0).unwrap()
    }

    fn claims() -> Value {
        json!({"sub": "patient-7", "aud": "portal", "jti": "1", "exp": now().timestamp() + 60, "name": "Jane"})
    }

    fn signed(algorithm: Algorithm, claims: &Value, key: &EncodingKey) -> String {
        jsonwebtoken::encode(&Header::new(algorithm), claims, key).unwrap()
    }

    fn outcome(change: impl FnOnce(&mut Value)) -> Result<String, Disbelief> {
        let mut claims = claims();
        change(&mut claims);
        let token = signed(Algorithm::HS256, &claims, &EncodingKey::from_secret(SECRET));
        read(&token, "HS256", SECRET, "portal", now()).map(|claims| claims.sub)
    }

    #[test]
    fn a_short_and_fresh_word_for_this_app_is_taken() {
        assert_eq!(outcome(|_| {}), Ok("patient-7".into()));
        assert_eq!(outcome(|claims| claims["aud"] = json!("another")), Err(Disbelief::Wrong));
        assert_eq!(outcome(|claims| claims["aud"] = Value::Null), Err(Disbelief::Wrong));
        assert_eq!(outcome(|claims| claims["exp"] = now().timestamp().into()), Err(Disbelief::Expired));
        assert_eq!(outcome(|claims| claims["exp"] = (now().timestamp() + 601).into()), Err(Disbelief::TooLong));
        assert_eq!(outcome(|claims| claims["sub"] = json!("")), Err(Disbelief::Names));
        assert_eq!(outcome(|claims| claims["jti"] = json!("x".repeat(201))), Err(Disbelief::Names));
        let other = signed(Algorithm::HS256, &claims(), &EncodingKey::from_secret(b"somebody else's secret, as long"));
        assert_eq!(read(&other, "HS256", SECRET, "portal", now()).map(drop), Err(Disbelief::Wrong));
    }

    #[test]
    fn a_public_key_verifies_and_is_never_a_shared_secret() {
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let key = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(pair.public_key())});
        assert_eq!(algorithm_of(&key), Some("EdDSA"));
        let public = key.to_string().into_bytes();
        let token = signed(Algorithm::EdDSA, &claims(), &EncodingKey::from_ed_der(document.as_ref()));
        assert!(read(&token, "EdDSA", &public, "portal", now()).is_ok());
        let forged = signed(Algorithm::HS256, &claims(), &EncodingKey::from_secret(&public));
        assert_eq!(read(&forged, "EdDSA", &public, "portal", now()).map(drop), Err(Disbelief::Wrong));
        let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), token.split('.').nth(1).unwrap());
        assert_eq!(read(&unsigned, "EdDSA", &public, "portal", now()).map(drop), Err(Disbelief::Wrong));
    }

    #[test]
    fn weak_unknown_and_secret_keys_are_no_public_keys() {
        for key in [
            json!({}),
            json!({"kty": "oct", "k": "c2VjcmV0"}),
            json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xc1; 128]), "e": "AQAB"}),
            json!({"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}),
        ] {
            assert_eq!(algorithm_of(&key), None, "{key}");
        }
        assert_eq!(
            algorithm_of(&json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xc1; 256]), "e": "AQAB"})),
            Some("RS256")
        );
    }
}
