//! What the server says about its work. Patients' words are `Phi` and print as `[redacted]`.

use std::io::{IsTerminal, stderr};

use tracing::{Level, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    filter::filter_fn,
    fmt::{MakeWriter, Subscriber as Formatter},
    layer::SubscriberExt,
};

use crate::config::{LogFormat, Logging};

/// The database libraries print addresses, passwords included, and statements when asked for much; nobody may ask them.
const QUIET: [&str; 2] = ["sea_orm", "sqlx"];

pub fn init(config: &Logging) {
    // A second call in one process, as in tests, finds a subscriber in place and leaves it.
    let _ = tracing::subscriber::set_global_default(subscriber(config, stderr, stderr().is_terminal()));
}

/// Writes each event at once, and none of the databases' libraries' below a warning.
pub fn subscriber<W>(config: &Logging, writer: W, ansi: bool) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let builder = Formatter::builder()
        .with_env_filter(config.level.parse::<EnvFilter>().unwrap_or_default())
        .with_writer(writer)
        .with_ansi(ansi)
        // Whoever read the log may be gone; saying so on the same broken pipe would be a panic.
        .log_internal_errors(false);
    let quiet = filter_fn(|metadata| {
        *metadata.level() <= Level::WARN || !QUIET.iter().any(|library| metadata.target().starts_with(library))
    });
    match config.format {
        LogFormat::Text => Box::new(builder.with_target(false).finish().with(quiet)),
        LogFormat::Json => Box::new(builder.json().finish().with(quiet)),
    }
}
