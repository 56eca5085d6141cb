use std::{net::IpAddr, ops::RangeInclusive, path::PathBuf, str::FromStr};

use axum::http::Uri;
use serde::{Deserialize, Deserializer, de};

use super::value::{Interval, Secret, Unusable, list, positive};

/// Calls: who serves them, and how browsers reach them.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Voice {
    /// The WebSocket of an outside provider that serves calls, such as `wss://voice.example.org/calls`. What patients say goes
    /// there, for tenants that have noted an agreement which covers voice.
    #[config(env = "VOICE_PROVIDER_URL", parse_env = provider_url)]
    pub provider_url: Option<String>,
    /// Where the models of the built-in voice are, as `kuzushi voice fetch` leaves them. Without it, the folder `voice` in
    /// `DATA_DIR`. Where there are none, there is no built-in voice.
    #[config(env = "VOICE_MODELS_DIR")]
    pub models_dir: Option<PathBuf>,
    /// The address on which calls are listened for (UDP). Without it, `HOST`.
    #[config(env = "VOICE_HOST", parse_env = address)]
    pub host: Option<IpAddr>,
    /// The address to which browsers send what is said. It is needed where `VOICE_HOST` is `0.0.0.0`, or browsers reach it under
    /// another address.
    #[config(env = "VOICE_PUBLIC_ADDRESS", parse_env = address)]
    pub public_address: Option<IpAddr>,
    /// The UDP ports of calls, one each, such as `40000-40199`: what a firewall has to let through. Without it, any.
    #[config(env = "VOICE_PORTS", parse_env = ports)]
    pub ports: Option<PortRange>,
    /// STUN servers that browsers ask for their own address, separated by commas, such as `stun:stun.example.org:3478`.
    #[config(env = "STUN_SERVER_URL", default = [], parse_env = stun_servers)]
    pub stun_server_url: Vec<String>,
    /// TURN servers that relay what browsers cannot send directly, separated by commas, such as
    /// `turn:turn.example.org:3478?transport=udp`.
    #[config(env = "TURN_SERVER_URL", default = [], parse_env = turn_servers)]
    pub turn_server_url: Vec<String>,
    /// The secret shared with the TURN servers: each conversation gets credentials of its own, which expire.
    #[config(env = "TURN_SECRET")]
    pub turn_secret: Option<Secret<String>>,
    /// The name for TURN servers that have no shared secret. Every browser gets it.
    #[config(env = "TURN_USERNAME")]
    pub turn_username: Option<String>,
    /// The password that goes with it.
    #[config(env = "TURN_CREDENTIAL")]
    pub turn_credential: Option<Secret<String>>,
    /// How long the credentials made with `TURN_SECRET` are good.
    #[config(env = "TURN_CREDENTIAL_LIFETIME", default = "1h")]
    pub turn_credential_lifetime: Interval,
    /// Calls at the same time at most; further ones are asked to come back later. Without it, two for each processor.
    #[config(env = "CALLS_MAX", parse_env = positive)]
    pub calls_max: Option<usize>,
    /// Calls of one app at the same time at most. Without it, as many as there may be in all.
    #[config(env = "CALLS_PER_APP", parse_env = positive)]
    pub calls_per_app: Option<usize>,
    /// How long a call may last.
    #[config(env = "CALL_MAX_DURATION", default = "30m")]
    pub call_max_duration: Interval,
}

/// Ports from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRange(pub RangeInclusive<u16>);

const PORTS: &str = "two port numbers joined by a hyphen, the lower one first, such as 40000-40199";

impl FromStr for PortRange {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Unusable> {
        let unusable = || Unusable::new(text, PORTS);
        let (from, to) = text.trim().split_once('-').ok_or_else(unusable)?;
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        match (port(from), port(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Self(from..=to)),
            _ => Err(unusable()),
        }
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Voice {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if let Some(url) = &self.provider_url {
            provider_url(url)?;
        }
        stun_servers(&self.stun_server_url.join(","))?;
        turn_servers(&self.turn_server_url.join(","))?;
        let has_pair = self.turn_username.is_some() && self.turn_credential.is_some();
        let has_half = self.turn_username.is_some() != self.turn_credential.is_some();
        anyhow::ensure!(!has_half, "TURN_USERNAME and TURN_CREDENTIAL: each wants the other one beside it");
        anyhow::ensure!(
            self.turn_server_url.is_empty() || self.turn_secret.is_some() || has_pair,
            "TURN_SERVER_URL: wants TURN_SECRET beside it, or TURN_USERNAME and TURN_CREDENTIAL"
        );
        anyhow::ensure!(
            self.turn_secret.as_ref().is_none_or(|secret| !secret.expose().trim().is_empty()),
            "TURN_SECRET: must not be empty"
        );
        Ok(())
    }
}

fn address(text: &str) -> Result<IpAddr, Unusable> {
    text.trim().parse().map_err(|_| Unusable::new(text, "an IP address such as 192.0.2.10"))
}

fn ports(text: &str) -> Result<PortRange, Unusable> {
    text.parse()
}

fn provider_url(text: &str) -> Result<String, Unusable> {
    let is_usable =
        text.parse().is_ok_and(|uri: Uri| matches!(uri.scheme_str(), Some("ws" | "wss")) && uri.host().is_some());
    if is_usable {
        Ok(text.to_owned())
    } else {
        Err(Unusable::new(text, "the address of a WebSocket, such as wss://voice.example.org/calls"))
    }
}

fn stun_servers(text: &str) -> Result<Vec<String>, Unusable> {
    servers(text, &["stun:", "stuns:"], "addresses such as stun:stun.example.org:3478, separated by commas")
}

fn turn_servers(text: &str) -> Result<Vec<String>, Unusable> {
    servers(text, &["turn:", "turns:"], "addresses such as turn:turn.example.org:3478, separated by commas")
}

fn servers(text: &str, schemes: &[&str], wanted: &'static str) -> Result<Vec<String>, Unusable> {
    let servers = list(text);
    let is_usable = |server: &String| {
        let host = schemes.iter().find_map(|scheme| server.strip_prefix(scheme));
        host.is_some_and(|host| !host.is_empty() && !host.starts_with('/') && !host.contains(char::is_whitespace))
    };
    match servers.iter().find(|server| !is_usable(server)) {
        None => Ok(servers),
        Some(wrong) => Err(Unusable::new(wrong, wanted)),
    }
}

#[cfg(test)]
mod tests {
    use confique::Config;

    use super::*;

    fn with(change: impl FnOnce(&mut Voice)) -> String {
        let mut voice = Voice::builder().load().unwrap();
        change(&mut voice);
        voice.check().map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn ports_go_from_one_to_another() {
        assert_eq!("40000-40199".parse(), Ok(PortRange(40_000..=40_199)));
        for text in ["", "40000", "0-9", "9-8", "a-b", "1-70000"] {
            assert!(text.parse::<PortRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_belongs_together_is_missed() {
        let turn = |voice: &mut Voice| voice.turn_server_url = vec!["turn:turn.example.org:3478".into()];
        assert_eq!(with(|_| {}), "");
        assert!(with(turn).starts_with("TURN_SERVER_URL: wants TURN_SECRET"));
        let half = |voice: &mut Voice| voice.turn_username = Some("kuzushi".into());
        assert!(with(half).starts_with("TURN_USERNAME and TURN_CREDENTIAL"));
        let whole = |voice: &mut Voice| {
            turn(voice);
            voice.turn_secret = Some(Secret::new("secret".into()));
        };
        assert_eq!(with(whole), "");
        let stun = |voice: &mut Voice| voice.stun_server_url = vec!["https://stun.example.org".into()];
        assert!(with(stun).contains("stun:stun.example.org:3478"));
        let provider = |voice: &mut Voice| voice.provider_url = Some("https://voice.example.org".into());
        assert!(with(provider).contains("wss://voice.example.org/calls"));
    }
}
