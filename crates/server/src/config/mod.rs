//! What the operator sets: the environment over a file over defaults. A value that cannot be used stops the start
//! with one line that names it.

mod database;
mod fhir;
mod files;
mod http;
mod limits;
mod logging;
mod prices;
mod providers;
mod reference;
mod security;
mod staff;
mod value;
mod voice;

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use anyhow::Context;
use confique::Config as _;

pub use database::Database;
pub use fhir::{Answering, Fhir, FhirServers};
pub use files::Files;
pub use http::Http;
pub use limits::Limits;
pub use logging::{LogFormat, Logging};
pub use providers::Providers;
pub use reference::{reference, variables};
pub use security::{Security, decode_content_key, split_secrets};
pub use staff::{SecondFactor, Staff};
pub use value::{Interval, Secret};
pub use voice::Voice;

/// Everything an operator can set, a struct per section.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Config {
    /// How the world reaches the server.
    #[config(nested)]
    pub http: Http,
    /// Where data is kept.
    #[config(nested)]
    pub database: Database,
    /// Keys and tokens.
    #[config(nested)]
    pub security: Security,
    /// People who sign in to the administration.
    #[config(nested)]
    pub staff: Staff,
    /// Language models that apps may use.
    #[config(nested)]
    pub providers: Providers,
    /// Where patients' own records are.
    #[config(nested)]
    pub fhir: Fhir,
    /// Calls: who serves them, and how browsers reach them.
    #[config(nested)]
    pub voice: Voice,
    /// Files that visitors send, where an app takes any.
    #[config(nested)]
    pub files: Files,
    /// How much anybody may ask for.
    #[config(nested)]
    pub limits: Limits,
    /// What the server says about its work.
    #[config(nested)]
    pub logging: Logging,
}

impl Config {
    /// Reads the environment and, where one is given, a TOML file.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut builder = Self::builder().env();
        if let Some(file) = file {
            anyhow::ensure!(file.is_file(), "the configuration file {} does not exist", file.display());
            builder = builder.file(file);
        }
        let config = builder.load().map_err(|error| anyhow::anyhow!(in_one_line(&error)))?;
        config.check()?;
        Ok(config)
    }

    /// What the environment is held to as it is read, and a file only here.
    fn check(&self) -> anyhow::Result<()> {
        self.http.check().context("[http]")?;
        self.database.check().context("[database]")?;
        self.security.check().context("[security]")?;
        self.providers.check().context("[providers]")?;
        self.voice.check().context("[voice]")
    }

    /// The address of the database: the one that was set, or an SQLite file in the data folder.
    pub fn database_url(&self) -> String {
        self.database
            .url
            .as_ref()
            .map_or_else(|| format!("sqlite://{}", self.data_file("kuzushi.db").display()), |url| url.expose().clone())
    }

    /// A file in the data folder.
    pub fn data_file(&self, name: &str) -> PathBuf {
        self.database.data_dir.join(name)
    }
}

/// A setting that could not be read: the variable and what is wrong with it, without the names of our own structs.
fn in_one_line(error: &confique::Error) -> String {
    let text = error.to_string();
    let variable = text.split("environment variable `").nth(1).and_then(|rest| rest.split('`').next());
    match (variable, error.source()) {
        (Some(variable), Some(cause)) => format!("{variable}: {cause}"),
        // The library leaves the cause out unless asked.
        _ => format!("{error:#}").replace('\n', " "),
    }
}
