//! An app's config versions, and what of them new conversations get.

use std::{fs, io::Read, path::PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use kuzushi_domain::{Id, id};
use kuzushi_store::{Arm, Change, Decision, Replaces, RequestState};

use super::{Desk, PageArguments};
use crate::{
    api::admin::{
        activations::WireActivation,
        approval_requests::{self, Asked, WireApprovalRequest},
        config_versions::{self, VersionSummary, WireConfigVersion},
        splits::{self, WireArmResult, WireSplit},
    },
    commands::print,
};

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Write the next version from a JSON file. It is used once it is activated.
    Create {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// The document: what differs from the defaults. `-` reads standard input.
        file: PathBuf,
        /// What it is for.
        #[arg(long, default_value = "")]
        note: String,
        /// The newest version that you have seen: where there is a newer one, this one is refused.
        #[arg(long)]
        based_on: Option<i32>,
    },
    /// List versions, newest first.
    List {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Print a version with its document, as JSON.
    Show {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        version: i32,
    },
    /// Say what differs between two versions, field by field.
    Compare {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        from: i32,
        to: i32,
    },
    /// Let all new conversations have a version. It ends a split.
    Activate {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        version: i32,
        #[command(flatten)]
        seen: SeenArguments,
    },
    /// Return to how it was before: end a split, or activate the version that was active before.
    RollBack {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        #[command(flatten)]
        seen: SeenArguments,
    },
    /// List which version was active from when, and by whom, newest first.
    Activations {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Divide new conversations among versions: `split --app st-marys-portal 1=70 2=30`.
    Split {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// A version, and how many of a hundred new conversations get it.
        #[arg(required = true, value_name = "VERSION=WEIGHT")]
        arms: Vec<String>,
        #[command(flatten)]
        seen: SeenArguments,
    },
    /// Show what became of the conversations of each arm of the split that runs, or of the last one.
    Results {
        /// The app's projectId.
        #[arg(long)]
        app: String,
    },
    /// List changes that wait for a second person, or did, newest first.
    Requests {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// Only those that are open, approved, refused, withdrawn, void or expired.
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Print a change that waits for a second person, with what would differ, as JSON.
    Request(RequestArguments),
    /// Approve a change that somebody else asked for; it is made at once.
    Approve(RequestArguments),
    /// Refuse a change that somebody else asked for.
    Refuse(RequestArguments),
    /// Take back what was asked for on the command line.
    Withdraw(RequestArguments),
}

/// How new conversations are divided as far as you know. Where it is otherwise, nothing changes.
#[derive(Args)]
pub struct SeenArguments {
    /// The version that you believe to be active: where another is, nothing changes.
    #[arg(long, value_name = "VERSION")]
    replaces: Option<i32>,
    /// The number of the split that you believe to run. Left out beside --replaces: none does.
    #[arg(long, value_name = "NUMBER")]
    replaces_split: Option<i32>,
    /// Why, for whoever has to approve it.
    #[arg(long)]
    note: Option<String>,
}

impl SeenArguments {
    fn replaces(&self) -> Replaces {
        Replaces { version: self.replaces, split: self.replaces_split }
    }
}

#[derive(Args)]
pub struct RequestArguments {
    /// The app's projectId.
    #[arg(long)]
    app: String,
    /// The request's id, req_….
    request: Id<id::ApprovalRequest>,
}

pub(super) async fn run(desk: &Desk, command: ConfigCommand) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Create { app, file, note, based_on } => create(desk, &app, &file, note, based_on).await,
        ConfigCommand::List { app, page } => {
            let (scope, app) = desk.app(&app).await?;
            let versions = scope.config_versions(app.id, page.before()?, page.limit).await?;
            let next = page.next(&versions, |last| last.version.to_string());
            let versions = versions.iter().map(VersionSummary::from).collect();
            desk.list("versions", versions, &["version", "isActive", "createdAt", "createdBy", "note"], next)
        }
        ConfigCommand::Show { app, version } => {
            let (scope, app) = desk.app(&app).await?;
            let version = scope.config_version(app.id, version).await.context("there is no such version")?;
            print(&(serde_json::to_string_pretty(&WireConfigVersion::try_from(&version)?)? + "\n"))
        }
        ConfigCommand::Compare { app, from, to } => {
            let (scope, app) = desk.app(&app).await?;
            let comparison = config_versions::compare(&scope, &app, from, to).await?;
            if desk.json { desk.show(&comparison) } else { print(&comparison.to_string()) }
        }
        ConfigCommand::Activate { app, version, seen } => {
            let (scope, app) = desk.app(&app).await?;
            let replaces = seen.replaces();
            let made = scope.activate_config(app.id, version, replaces, desk.now).await;
            let change = Change::Activate { version };
            let asked = Asked::of(made, (&scope, &app), change, replaces, seen.note, desk.now).await?;
            desk.show_asked(asked, |active| Ok(VersionSummary::from(&active)))
        }
        ConfigCommand::RollBack { app, seen } => {
            let (scope, app) = desk.app(&app).await?;
            let replaces = seen.replaces();
            let made = scope.roll_back_config(app.id, replaces, desk.now).await;
            let asked = Asked::of(made, (&scope, &app), Change::RollBack, replaces, seen.note, desk.now).await?;
            desk.show_asked(asked, |active| Ok(VersionSummary::from(&active)))
        }
        ConfigCommand::Activations { app, page } => {
            let (scope, app) = desk.app(&app).await?;
            let activations = scope.activations(app.id, page.before()?, page.limit).await?;
            let next = page.next(&activations, |last| last.number.to_string());
            let activations = activations.into_iter().map(WireActivation::from).collect();
            desk.list("activations", activations, &["number", "version", "activatedAt", "activatedBy"], next)
        }
        ConfigCommand::Split { app, arms, seen } => {
            let (scope, app) = desk.app(&app).await?;
            let arms = arms.iter().map(|arm| self::arm(arm)).collect::<anyhow::Result<Vec<_>>>()?;
            let arms = splits::checked(&scope, &app, arms).await?;
            let replaces = seen.replaces();
            let made = scope.split_configs(app.id, arms.clone(), replaces, desk.now).await;
            let change = Change::Split { arms };
            let asked = Asked::of(made, (&scope, &app), change, replaces, seen.note, desk.now).await?;
            desk.show_asked(asked, |split| Ok(WireSplit::from(&split)))
        }
        ConfigCommand::Results { app } => results(desk, &app).await,
        ConfigCommand::Requests { app, state, page } => {
            let (scope, app) = desk.app(&app).await?;
            let wanted = "--state: wants open, approved, refused, withdrawn, void or expired";
            let state = state.map(|state| RequestState::parse(&state).context(wanted)).transpose()?;
            let requests = scope.approval_requests(app.id, state, page.before()?, page.limit, desk.now).await?;
            let next = page.next(&requests, |last| last.id.to_string());
            let requests = requests.iter().map(WireApprovalRequest::from).collect();
            let columns = ["requestId", "state", "change", "version", "arms", "requestedAt", "requestedBy", "note"];
            desk.list("approvalRequests", requests, &columns, next)
        }
        ConfigCommand::Request(RequestArguments { app, request }) => {
            let (scope, app) = desk.app(&app).await?;
            let request =
                scope.approval_request(app.id, request, desk.now).await.context("there is no such request")?;
            let in_full = approval_requests::in_full(&scope, &app, &request).await?;
            print(&(serde_json::to_string_pretty(&in_full)? + "\n"))
        }
        ConfigCommand::Approve(request) => decide(desk, request, Decision::Approve).await,
        ConfigCommand::Refuse(request) => decide(desk, request, Decision::Refuse).await,
        ConfigCommand::Withdraw(request) => decide(desk, request, Decision::Withdraw).await,
    }
}

async fn create(desk: &Desk, app: &str, file: &PathBuf, note: String, based_on: Option<i32>) -> anyhow::Result<()> {
    let (scope, app) = desk.app(app).await?;
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input")?;
        text
    } else {
        fs::read_to_string(file).with_context(|| file.display().to_string())?
    };
    let document = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    let new = config_versions::checked(&document, note, scope.actor().to_string())?;
    let version = scope.create_config(app.id, new, based_on, desk.now).await?;
    desk.show(&VersionSummary::from(&version))
}

/// `2=30`: version 2 for 30 of a hundred.
fn arm(text: &str) -> anyhow::Result<Arm> {
    let arm = text
        .split_once('=')
        .and_then(|(version, weight)| Some(Arm { version: version.parse().ok()?, weight: weight.parse().ok()? }));
    match arm {
        Some(arm) => Ok(arm),
        None => bail!("{text}: wants a version and a weight, such as 2=30"),
    }
}

async fn results(desk: &Desk, app: &str) -> anyhow::Result<()> {
    let (scope, app) = desk.app(app).await?;
    let split = scope.newest_split(app.id).await?.context("new conversations were never divided")?;
    let results = scope.split_results(app.id, &split).await?;
    if desk.json {
        return desk.show(&splits::SplitResults::of(&split, results));
    }
    let columns = [
        "version",
        "conversations",
        "used",
        "questions",
        "answered",
        "handedOver",
        "emergencies",
        "failed",
        "ratedUp",
        "ratedDown",
    ];
    for result in results {
        let arm = serde_json::to_value(WireArmResult::from(result))?;
        let counts: Vec<_> = columns.iter().map(|column| format!("{column} {}", arm[*column])).collect();
        print(&format!("{}\n", counts.join(", ")))?;
    }
    Ok(())
}

async fn decide(desk: &Desk, request: RequestArguments, decision: Decision) -> anyhow::Result<()> {
    let (scope, app) = desk.app(&request.app).await?;
    let decided = scope.decide_request(app.id, request.request, decision, desk.now).await?;
    desk.show(&WireApprovalRequest::from(&decided))
}
