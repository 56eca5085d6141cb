//! What the server says about its work. Patients' words are `Phi` and print as `[redacted]`.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Logging};

pub fn init(config: &Logging) {
    // The database libraries print addresses, passwords included, when asked for much; nobody may ask them. What comes
    // last wins.
    let filter: EnvFilter =
        format!("{},sea_orm=warn,sea_orm_migration=warn,sqlx=warn", config.level).parse().unwrap_or_default();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        // Whoever read the log may be gone; saying so on the same broken pipe would be a panic.
        .log_internal_errors(false);
    // A second call in one process, as in tests, finds a subscriber in place and leaves it.
    let _ = match config.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
