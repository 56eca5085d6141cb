//! `kuzushi evaluate`: asks a suite of questions of a config version, and says which answers are as expected.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use clap::{Args, ValueEnum};
use kuzushi_domain::{Actor, Clock, Share, SystemClock, config::AppConfig};
use kuzushi_store::{App, NewEvaluation, TenantScope};
use serde::Serialize;

use super::{open, print};
use crate::{
    config::Config,
    conversation::KnowledgeShelf,
    evaluation::{self, Report, Subject, Suite},
    logging,
};

/// Fewer of a suite's cases passed than are wanted.
#[derive(Debug, thiserror::Error)]
#[error("{passed} of {cases} cases passed, and {minimum} are wanted")]
pub struct NotPassed {
    passed: usize,
    cases: usize,
    minimum: Share,
}

#[derive(Args)]
pub struct EvaluateArguments {
    /// The app's projectId: its articles are answered from.
    #[arg(long)]
    app: String,
    /// The suite: a file with a JSON object a line.
    #[arg(long, value_name = "FILE", required_unless_present = "stored")]
    suite: Option<PathBuf>,
    /// The newest version of a suite that is stored with the app, by its name.
    #[arg(long, value_name = "NAME", conflicts_with = "suite")]
    stored: Option<String>,
    /// The config version to ask. Without it and --document, the active one.
    #[arg(long, value_name = "NUMBER", conflicts_with = "document")]
    version: Option<i32>,
    /// A config document that is no version yet. What comes of it is not recorded.
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// The share of the cases that has to pass, from 0 to 1.
    #[arg(long, default_value = "1", value_name = "SHARE")]
    minimum: Share,
    /// How many cases are asked at the same time.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: u8,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write what was answered into this file, a JSON object a line. It can be read by its owner only.
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Leave nothing on record.
    #[arg(long)]
    unrecorded: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What a program reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    app: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    suite: &'a str,
    suite_hash: &'a str,
    minimum: f64,
    /// Whether as many cases passed as are wanted.
    is_passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation_id: Option<String>,
    #[serde(flatten)]
    report: &'a Report,
}

pub async fn run(config: Config, arguments: EvaluateArguments) -> anyhow::Result<()> {
    logging::init(&config.logging);
    // Read first: a mistake in it is told without touching the database.
    let file = arguments.suite.as_deref().map(read_suite).transpose()?;
    let store = open(&config).await?;
    store.migrate().await?;
    let app = store.installation().by(Actor::CommandLine).app_by_project(&arguments.app).await?;
    let app = app.with_context(|| format!("--app: there is no app `{}`: wants its projectId", arguments.app))?;
    let scope = store.tenant(app.tenant).await?.by(Actor::CommandLine);
    let (name, suite) = match (file, &arguments.stored) {
        (Some(file), _) => file,
        (None, stored) => stored_suite(&scope, &app, stored.as_deref().unwrap_or_default()).await?,
    };
    let (version, document) = asked(&scope, &app, &arguments).await?;
    let index = KnowledgeShelf::default().complete(&scope, app.id, SystemClock.now()).await?;
    let subject = Subject {
        assistant: config.answering(Arc::new(SystemClock))?.assistant,
        app: app.clone(),
        config: document,
        now: SystemClock.now(),
        knowledge: index.knowledge,
        slugs: index.slugs,
        answer_timeout: Duration::from_secs(config.limits.answer_timeout),
    };
    let report = evaluation::run(Arc::new(subject), &suite, arguments.at_once.into()).await;
    let evaluation_id = match version {
        Some(version) if !arguments.unrecorded => {
            let cases = evaluation::number_of(suite.cases().len());
            let new = NewEvaluation { version, suite: name.clone(), suite_hash: suite.hash().to_owned(), cases };
            let result = evaluation::result(&report, index.articles)?;
            Some(scope.record_evaluation(app.id, new, result, SystemClock.now()).await?.id.to_string())
        }
        _ => None,
    };
    if let Some(file) = &arguments.answers {
        write_answers(file, &report).with_context(|| format!("--answers: {}", file.display()))?;
    }
    let is_passed = report.suffices(arguments.minimum);
    match arguments.format {
        Format::Json => {
            let outcome = Outcome {
                app: &app.project_id,
                version,
                suite: &name,
                suite_hash: suite.hash(),
                minimum: arguments.minimum.fraction(),
                is_passed,
                evaluation_id,
                report: &report,
            };
            print(&(serde_json::to_string_pretty(&outcome)? + "\n"))?;
        }
        Format::Text => {
            let verdict = if is_passed { "passed" } else { "NOT PASSED" };
            let of =
                version.map_or_else(|| String::from("the config document"), |version| format!("version {version}"));
            let recorded =
                evaluation_id.map_or_else(|| String::from("not recorded"), |id| format!("on record as {id}"));
            let minimum = arguments.minimum;
            print(&format!(
                "{report}\nsuite {name} ({}), {of} of {}: {verdict}, {minimum} wanted; {recorded}\n",
                &suite.hash()[..12],
                app.project_id
            ))?;
        }
    }
    let cases = suite.cases().len();
    if is_passed { Ok(()) } else { Err(NotPassed { passed: report.passed, cases, minimum: arguments.minimum }.into()) }
}

/// A suite's name, which is its file's, and what it asks.
fn read_suite(file: &Path) -> anyhow::Result<(String, Suite)> {
    let text = fs::read_to_string(file).with_context(|| format!("--suite: {}", file.display()))?;
    let suite = Suite::read(&text).with_context(|| format!("--suite: {}", file.display()))?;
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((name, suite))
}

async fn stored_suite(scope: &TenantScope, app: &App, name: &str) -> anyhow::Result<(String, Suite)> {
    let stored = scope.suite(app.id, name, None).await;
    let (stored, lines) = stored.with_context(|| format!("--stored: the suite `{name}`"))?;
    Ok((stored.name, Suite::read(&lines)?))
}

/// What is asked: a version with its number, or a document.
async fn asked(
    scope: &TenantScope,
    app: &App,
    arguments: &EvaluateArguments,
) -> anyhow::Result<(Option<i32>, AppConfig)> {
    if let Some(file) = &arguments.document {
        let place = || format!("--document: {}", file.display());
        let document = serde_json::from_str(&fs::read_to_string(file).with_context(place)?).with_context(place)?;
        return Ok((None, AppConfig::parse_strictly(&document).with_context(place)?));
    }
    let version = match arguments.version {
        Some(version) => {
            let found = scope.config_version(app.id, version).await;
            found.with_context(|| format!("--version: version {version} of {}", app.project_id))?
        }
        None => {
            let active = scope.active_config(app.id).await?;
            active.with_context(|| format!("--version: {} has no active version: say which", app.project_id))?
        }
    };
    Ok((Some(version.version), version.config))
}

fn write_answers(file: &Path, report: &Report) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    for answer in &report.answers {
        let line = serde_json::to_string(answer)? + "\n";
        file.write_all(line.as_bytes())?;
    }
    Ok(file.sync_all()?)
}
