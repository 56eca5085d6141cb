use std::path::PathBuf;

use kuzushi_store::Engine;

use super::value::{Secret, Unusable, parse, positive};

/// Where data is kept.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Database {
    /// The folder for the embedded database and for generated keys. Made if it does not exist.
    #[config(env = "DATA_DIR", default = "./data", parse_env = folder)]
    pub data_dir: PathBuf,
    /// `postgres://user:password@host/database`, or `sqlite:///path/to/file`. Without it: an SQLite file in
    /// the data folder. Which rights PostgreSQL's user needs is in docs/administration.md.
    #[config(env = "DATABASE_URL", parse_env = url)]
    pub url: Option<Secret<String>>,
    /// The file in which the embedded database keeps the keys of conversations and patients. Without it: `kuzushi-keys.db`
    /// beside the database. Put it on a volume that the data's snapshots leave out: erasing reaches no copy of this file. On
    /// PostgreSQL the keys are in the schema `kuzushi_keys`, and this must not be set.
    #[config(env = "DATABASE_KEYS_FILE")]
    pub keys_file: Option<PathBuf>,
    /// Database connections kept open when idle.
    #[config(env = "DATABASE_POOL_MIN", default = 1, parse_env = pool_min)]
    pub pool_min: u32,
    /// Database connections at most. Small pools are faster: a database works on as many things as it has cores. On
    /// PostgreSQL one of them is kept for questions and answers, where there are at least two.
    #[config(env = "DATABASE_POOL_MAX", default = 16, parse_env = positive)]
    pub pool_max: u32,
    /// Writes that are committed together at most, when that many wait at the same time. 1 commits each by itself; more
    /// than 1024 count as 1024.
    #[config(env = "DATABASE_GROUP_COMMIT_MAX", default = 256, parse_env = positive)]
    pub group_commit_max: u32,
}

impl Database {
    pub(super) fn check(&self) -> Result<(), Unusable> {
        if self.pool_min > self.pool_max {
            let wanted = "at most as many as DATABASE_POOL_MAX";
            return Err(Unusable::new(&format!("DATABASE_POOL_MIN={}", self.pool_min), wanted));
        }
        let on_postgres = |url: &Secret<String>| Engine::of(url.expose()) == Some(Engine::Postgres);
        if let Some(file) = self.keys_file.as_ref().filter(|_| self.url.as_ref().is_some_and(on_postgres)) {
            let wanted = "nothing: on PostgreSQL the keys are in the schema kuzushi_keys";
            return Err(Unusable::new(&format!("DATABASE_KEYS_FILE={}", file.display()), wanted));
        }
        self.url.as_ref().map_or(Ok(()), |address| url(address.expose()).map(drop))
    }
}

fn folder(text: &str) -> Result<PathBuf, Unusable> {
    // Nothing is the same as not set, as for every variable.
    if text.is_empty() { Err(Unusable::new(text, "a folder")) } else { Ok(PathBuf::from(text)) }
}

fn url(text: &str) -> Result<Secret<String>, Unusable> {
    match Engine::of(text) {
        Some(_) => Ok(Secret::new(text.to_owned())),
        // The value may hold a password.
        None => Err(Unusable::secret("an address that begins with postgres:// or sqlite://")),
    }
}

fn pool_min(text: &str) -> Result<u32, Unusable> {
    parse(text, "a whole number")
}
