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

fn level(text: &str) -> Result<String, Unusable> {
    match text.parse::<tracing_subscriber::EnvFilter>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => {
            Err(Unusable::new(text, "error, warn, info, debug, trace, or directives such as info,kuzushi_server=debug"))
        }
    }
}
