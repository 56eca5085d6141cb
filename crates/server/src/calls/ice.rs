//! The servers that help a browser to reach whoever serves its call.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, id};
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::Voice;

/// A browser's `RTCIceServer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IceServer {
    pub urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub credential: Option<String>,
}

/// What a conversation's browser is given. Credentials for TURN are its own and expire, as
/// <https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00> has it.
pub fn ice_servers(config: &Voice, session: Id<id::Session>, now: DateTime<Utc>) -> Vec<IceServer> {
    let mut servers = Vec::new();
    if !config.stun_server_url.is_empty() {
        servers.push(IceServer { urls: config.stun_server_url.clone(), username: None, credential: None });
    }
    if !config.turn_server_url.is_empty() {
        let (username, credential) = match &config.turn_secret {
            Some(secret) => {
                let lifetime = i64::try_from(config.turn_credential_lifetime.0.as_secs()).unwrap_or(i64::MAX);
                let username = format!("{}:{session}", now.timestamp().saturating_add(lifetime));
                let credential = credential(secret.expose(), &username);
                (Some(username), Some(credential))
            }
            None => {
                (config.turn_username.clone(), config.turn_credential.as_ref().map(|secret| secret.expose().clone()))
            }
        };
        servers.push(IceServer { urls: config.turn_server_url.clone(), username, credential });
    }
    servers
}

/// What a TURN server that shares the secret expects for this name.
fn credential(secret: &str, username: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    STANDARD.encode(hmac::sign(&key, username.as_bytes()))
}

#[cfg(test)]
mod tests {
    use confique::Config;

    use super::*;
    use crate::config::Secret;

    #[test]
    fn credentials_are_the_sessions_own_and_expire() {
        let mut config = Voice::builder().load().unwrap();
        let (session, now) = (Id::generate(), DateTime::from_timestamp(1_700_000_000, 0).unwrap());
        assert!(ice_servers(&config, session, now).is_empty());
        config.stun_server_url = vec!["stun:stun.example.org:3478".into()];
        config.turn_server_url = vec!["turn:turn.example.org:3478".into()];
        config.turn_secret = Some(Secret::new("north".into()));
        let servers = ice_servers(&config, session, now);
        assert_eq!((servers[0].username.as_deref(), servers.len()), (None, 2));
        assert_eq!(servers[1].username, Some(format!("1700003600:{session}")));
        assert_ne!(servers[1].credential, ice_servers(&config, Id::generate(), now)[1].credential);
    }

    #[test]
    fn a_credential_is_what_a_turn_server_computes() {
        // RFC 2202, the second test case: key "Jefe", data "what do ya want for nothing?".
        assert_eq!(credential("Jefe", "what do ya want for nothing?"), "7/zfauXrL6LSdBbV8YTfnCWafHk=");
    }

    #[test]
    fn without_a_secret_everybody_gets_the_same() {
        let mut config = Voice::builder().load().unwrap();
        config.turn_server_url = vec!["turn:turn.example.org:3478".into()];
        config.turn_username = Some("kuzushi".into());
        config.turn_credential = Some(Secret::new("password".into()));
        let server = ice_servers(&config, Id::generate(), DateTime::UNIX_EPOCH).remove(0);
        assert_eq!((server.username.as_deref(), server.credential.as_deref()), (Some("kuzushi"), Some("password")));
    }
}
