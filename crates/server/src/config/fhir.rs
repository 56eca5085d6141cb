use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, ensure};
use kuzushi_assistant::{
    Assistant,
    fhir::FhirServer,
    tools::{Appointments, FreeTimes, Records},
};
use kuzushi_domain::Clock;
use serde::Deserialize;

use super::{Config, value::Secret};

/// Hospitals' own records, for apps whose config lets a model look up appointments.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Fhir {
    /// A TOML file that says which app's patients have their appointments on which FHIR server: see docs/tools.md. Without it
    /// nothing is looked up.
    #[config(env = "FHIR_SERVERS_FILE")]
    pub servers_file: Option<PathBuf>,
}

/// The servers that are set up.
#[derive(Default)]
pub struct FhirServers {
    /// By their names.
    pub servers: BTreeMap<String, FhirServer>,
    /// The servers' names by the projectIds of the apps.
    pub by_app: BTreeMap<String, String>,
}

/// Who answers, and what they may look up.
pub struct Answering {
    pub assistant: Assistant,
    /// The names of the FHIR servers by the projectIds of the apps whose patients are on them.
    pub fhir_servers: BTreeMap<String, String>,
    /// The servers themselves, where there are any.
    pub records: Option<Records>,
}

impl Config {
    /// Those who can answer with these settings.
    pub fn answering(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Answering> {
        let assistant = self.providers.assistant()?;
        let FhirServers { servers, by_app } = self.fhir.servers()?;
        if servers.is_empty() {
            return Ok(Answering { assistant, fhir_servers: by_app, records: None });
        }
        let records = Records::new(servers, clock);
        let assistant = assistant
            .with_tool(Arc::new(Appointments(records.clone())))
            .with_tool(Arc::new(FreeTimes(records.clone())));
        Ok(Answering { assistant, fhir_servers: by_app, records: Some(records) })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    server: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    base_url: String,
    /// projectIds.
    apps: BTreeSet<String>,
    token: Option<Secret<String>>,
    token_file: Option<PathBuf>,
}

impl Fhir {
    /// Reads the file. A mistake in it stops the start.
    pub fn servers(&self) -> anyhow::Result<FhirServers> {
        let Some(file) = &self.servers_file else { return Ok(FhirServers::default()) };
        read(file).with_context(|| format!("FHIR_SERVERS_FILE: {}", file.display()))
    }
}

fn read(file: &Path) -> anyhow::Result<FhirServers> {
    // What is wrong is told by its line; the line itself may hold a token.
    let text = fs::read_to_string(file)?;
    let File { server: entries } = toml::from_str(&text).map_err(|error| anyhow::anyhow!("{}", error.message()))?;
    let mut servers = FhirServers::default();
    for Entry { name, base_url, apps, token, token_file } in entries {
        ensure!(!name.trim().is_empty(), "name: must not be empty: it stands beside every patient's id");
        ensure!(!apps.is_empty(), "{name}: apps: names no app: wants projectIds");
        ensure!(token.is_none() || token_file.is_none(), "{name}: token and token_file: set one of them");
        let token = match (token, &token_file) {
            (Some(token), _) => Some(token.expose().clone()),
            (None, Some(path)) => {
                let text =
                    fs::read_to_string(path).with_context(|| format!("{name}: token_file: {}", path.display()))?;
                Some(text.trim().to_owned())
            }
            (None, None) => None,
        };
        let server = FhirServer::new(&base_url, token.as_deref()).with_context(|| name.clone())?;
        for app in apps {
            let other = servers.by_app.insert(app.clone(), name.clone());
            ensure!(other.is_none(), "{name}: apps: {app} has its appointments on another server already");
        }
        ensure!(servers.servers.insert(name.clone(), server).is_none(), "{name}: another server has this name");
    }
    Ok(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> anyhow::Result<FhirServers> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token"), "secret\n").unwrap();
        let text = text.replace("FOLDER", folder.path().to_str().unwrap());
        fs::write(folder.path().join("fhir.toml"), text).unwrap();
        Fhir { servers_file: Some(folder.path().join("fhir.toml")) }.servers()
    }

    #[test]
    fn each_app_has_one_server() {
        let servers = read_text(
            "[[server]]\nname = \"main\"\nbase_url = \"https://fhir.example.org/r4\"\napps = [\"a\", \"b\"]\ntoken_file = \"FOLDER/token\"\n",
        )
        .unwrap();
        assert_eq!((servers.servers.len(), servers.by_app["b"].as_str()), (1, "main"));
        assert!(Fhir { servers_file: None }.servers().unwrap().by_app.is_empty());
    }

    #[test]
    fn a_mistake_is_named_and_no_token_is_repeated() {
        let entry =
            |rest: &str| format!("[[server]]\nname = \"main\"\nbase_url = \"https://fhir.example.org/r4\"\n{rest}\n");
        let twice = format!("{}{}", entry("apps = [\"a\"]"), entry("apps = [\"a\"]").replace("main", "other"));
        for (text, wanted) in [
            (entry("apps = []"), "names no app"),
            (entry("apps = [\"a\"]\ntoken = \"s3cret\"\ntoken_file = \"x\""), "set one of them"),
            (entry("apps = [\"a\"]\ntoken_file = \"FOLDER/none\""), "token_file"),
            (entry("apps = [\"a\"]\ntoken = [\"s3cret\"]"), "invalid type"),
            (entry("apps = [\"a\"]\nurl = \"s3cret\""), "unknown field"),
            (entry("apps = [\"a\"]").replace("https", "http"), "base URL"),
            (twice, "on another server already"),
        ] {
            let error = format!("{:#}", read_text(&text).err().unwrap());
            assert!(error.starts_with("FHIR_SERVERS_FILE") && error.contains(wanted), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
