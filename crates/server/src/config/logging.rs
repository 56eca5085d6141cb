use serde::Deserialize;

use super::value::Unusable;

/// What the server says about its work. Never what patients said.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Logging {
    /// `text` for people, `json` for machines.
    #[config(env = "LOG_FORMAT", default = "text", parse_env = format)]
    pub format: LogFormat,
    /// How much: `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,kuzushi_server=debug`.
    #[config(env = "LOG_LEVEL", default = "info", parse_env = level)]
    pub level: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

fn format(text: &str) -> Result<LogFormat, Unusable> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(Unusable::new(text, "text or json")),
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

fn level(text: &str) -> Result<String, Unusable> {
    // A word that is no level would count as the name of a module, and silence everything else.
    let known = text.split(',').all(|directive| directive.contains('=') || LEVELS.contains(&directive.trim()));
    if known && text.parse::<tracing_subscriber::EnvFilter>().is_ok() {
        Ok(text.to_owned())
    } else {
        Err(Unusable::new(text, "error, warn, info, debug, trace, or directives such as info,kuzushi_server=debug"))
    }
}
