use super::value::{Unusable, parse, positive};

/// How much anybody may ask for.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Limits {
    /// WebSocket connections at most; further ones are asked to come back later.
    #[config(env = "WS_MAX_CONNECTIONS", default = 10_000, parse_env = positive)]
    pub ws_max_connections: usize,
    /// Milliseconds between two heartbeats on a WebSocket. A peer that misses two is taken for gone.
    #[config(env = "WS_HEARTBEAT_INTERVAL", default = 30_000, parse_env = heartbeat)]
    pub ws_heartbeat_interval: u64,
    /// WebSocket connections of one conversation at most, over all tabs.
    #[config(env = "CONNECTIONS_PER_SESSION", default = 20, parse_env = positive)]
    pub connections_per_session: usize,
    /// WebSocket connections from one client address at most (IPv6: from one network of 64 bits). Think of everybody
    /// behind the address of a hospital.
    #[config(env = "CONNECTIONS_PER_ADDRESS", default = 1_000, parse_env = positive)]
    pub connections_per_address: usize,
    /// WebSocket connections of one app at most. Without it, as many as there may be in all.
    #[config(env = "CONNECTIONS_PER_APP", parse_env = positive)]
    pub connections_per_app: Option<usize>,
    /// Messages a conversation may receive in a minute; that many may come at once.
    #[config(env = "MESSAGES_PER_MINUTE", default = 60, parse_env = positive)]
    pub messages_per_minute: u32,
    /// Messages from one client address in a minute; that many may come at once.
    #[config(env = "MESSAGES_PER_MINUTE_PER_ADDRESS", default = 3_000, parse_env = positive)]
    pub messages_per_minute_per_address: u32,
    /// Messages to one app in a minute; that many may come at once. Without it, any number.
    #[config(env = "MESSAGES_PER_MINUTE_PER_APP", parse_env = positive)]
    pub messages_per_minute_per_app: Option<u32>,
    /// Conversations that one client address may begin in a minute; that many may be begun at once.
    #[config(env = "SESSIONS_PER_MINUTE_PER_ADDRESS", default = 600, parse_env = positive)]
    pub sessions_per_minute_per_address: u32,
    /// Attempts to sign in to one account in a minute, right or wrong; that many may be made at once. Those that are too many wait,
    /// nobody is locked out.
    #[config(env = "LOGINS_PER_MINUTE_PER_ACCOUNT", default = 10, parse_env = positive)]
    pub logins_per_minute_per_account: u32,
    /// Attempts to sign in from one client address in a minute; that many may be made at once.
    #[config(env = "LOGINS_PER_MINUTE_PER_ADDRESS", default = 60, parse_env = positive)]
    pub logins_per_minute_per_address: u32,
    /// Conversations with one app that may begin in a minute; that many may be begun at once. Without it, any number.
    #[config(env = "SESSIONS_PER_MINUTE_PER_APP", parse_env = positive)]
    pub sessions_per_minute_per_app: Option<u32>,
    /// HTTP requests to the API from one client address in a minute; that many may come at once.
    #[config(env = "REQUESTS_PER_MINUTE_PER_ADDRESS", default = 6_000, parse_env = positive)]
    pub requests_per_minute_per_address: u32,
    /// HTTP requests about one conversation in a minute, by its own visitor; that many may come at once.
    #[config(env = "REQUESTS_PER_MINUTE_PER_SESSION", default = 300, parse_env = positive)]
    pub requests_per_minute_per_session: u32,
    /// HTTP requests of one signed-in patient in a minute, from all their devices; that many may come at once.
    #[config(env = "REQUESTS_PER_MINUTE_PER_USER", default = 600, parse_env = positive)]
    pub requests_per_minute_per_user: u32,
    /// HTTP requests to the administration with one API key in a minute; that many may come at once.
    #[config(env = "REQUESTS_PER_MINUTE_PER_KEY", default = 600, parse_env = positive)]
    pub requests_per_minute_per_key: u32,
    /// API keys from one client address that turn out to open nothing, in a minute. Further ones hear when to try again.
    #[config(env = "FAILED_KEYS_PER_MINUTE_PER_ADDRESS", default = 10, parse_env = positive)]
    pub failed_keys_per_minute_per_address: u32,
    /// Seconds that an answer may take before it counts as failed.
    #[config(env = "ANSWER_TIMEOUT", default = 60, parse_env = positive)]
    pub answer_timeout: u64,
    /// Seconds that running answers get to finish when the server is told to stop.
    #[config(env = "SHUTDOWN_GRACE", default = 10, parse_env = grace)]
    pub shutdown_grace: u64,
}

fn heartbeat(text: &str) -> Result<u64, Unusable> {
    let wanted = "milliseconds, at least 100";
    let interval = parse(text, wanted)?;
    if interval < 100 { Err(Unusable::new(text, wanted)) } else { Ok(interval) }
}

fn grace(text: &str) -> Result<u64, Unusable> {
    parse(text, "a whole number of seconds")
}
