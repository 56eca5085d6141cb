//! An app's suites, and which of them config versions have to pass.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use clap::Subcommand;
use kuzushi_domain::Share;

use super::{Desk, PageArguments};
use crate::{
    api::admin::{
        apps::WireApp,
        evaluations::WireEvaluation,
        suites::{self, RequirementToSet, WireSuite},
    },
    commands::print,
    evaluation::Suite,
};

#[derive(Subcommand)]
pub enum SuiteCommand {
    /// Store a suite with an app, or its next version, from a file with a JSON object a line.
    Write {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// What it is called; as its file without this.
        #[arg(long)]
        name: Option<String>,
        file: PathBuf,
    },
    /// List suites in their newest versions, by name.
    List {
        /// The app's projectId.
        #[arg(long)]
        app: String,
    },
    /// Print a suite as a file of its own.
    Show {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        name: String,
        /// The version of this hash; the newest without it.
        #[arg(long)]
        hash: Option<String>,
    },
    /// Remove a suite in all its versions. What came of asking it stays on record.
    Remove {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        name: String,
    },
    /// Say which suite a version has to pass before new conversations get it.
    Require {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// The suite's name. Without it, versions have to pass none from now on.
        name: Option<String>,
        /// The version of this hash; the newest without it.
        #[arg(long)]
        hash: Option<String>,
        /// The share of its cases that has to pass, from 0 to 1.
        #[arg(long, default_value = "1")]
        minimum: Share,
        /// Why, for whoever has to approve it.
        #[arg(long)]
        note: Option<String>,
    },
    /// List what came of asking suites, newest first.
    Results {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// Only of this config version.
        #[arg(long)]
        version: Option<i32>,
        #[command(flatten)]
        page: PageArguments,
    },
}

pub(super) async fn run(desk: &Desk, command: SuiteCommand) -> anyhow::Result<()> {
    match command {
        SuiteCommand::Write { app, name, file } => {
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let suite = Suite::read(&text).with_context(|| file.display().to_string())?;
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let name = name.or(stem).unwrap_or_default();
            let (scope, app) = desk.app(&app).await?;
            let (suite, _) = suites::write((&scope, &app), name, &suite, desk.now).await.context("--name")?;
            desk.show(&WireSuite::from(suite))
        }
        SuiteCommand::List { app } => {
            let (scope, app) = desk.app(&app).await?;
            let suites = scope.suites(app.id).await?.into_iter().map(WireSuite::from).collect();
            desk.list("suites", suites, &["suite", "caseCount", "hash", "writtenBy"], None)
        }
        SuiteCommand::Show { app, name, hash } => {
            let (scope, app) = desk.app(&app).await?;
            let found = scope.suite(app.id, &name, hash.as_deref()).await;
            print(&found.with_context(|| format!("there is no suite `{name}`"))?.1)
        }
        SuiteCommand::Remove { app, name } => {
            let (scope, app) = desk.app(&app).await?;
            Ok(scope.remove_suite(app.id, &name, desk.now).await?)
        }
        SuiteCommand::Require { app, name, hash, minimum, note } => {
            ensure!(name.is_some() || hash.is_none(), "--hash: names a version of a suite: say which suite");
            let (scope, app) = desk.app(&app).await?;
            let minimum = Some(minimum.fraction());
            let wanted = RequirementToSet { required: name.is_some(), suite: name, hash, minimum, note };
            let asked = suites::require((&scope, &app), wanted, desk.now).await?;
            desk.show_asked(asked, |app| Ok(WireApp::from(app)))
        }
        SuiteCommand::Results { app, version, page } => {
            let (scope, app) = desk.app(&app).await?;
            let results = scope.evaluations(app.id, version, page.before()?, page.limit, desk.now).await?;
            let next = page.next(&results, |last| last.id.to_string());
            let results = results.into_iter().map(WireEvaluation::from).collect();
            let columns = ["evaluationId", "version", "suite", "state", "passed", "caseCount", "startedBy"];
            desk.list("evaluations", results, &columns, next)
        }
    }
}
