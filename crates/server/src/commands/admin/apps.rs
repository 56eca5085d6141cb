//! A tenant's apps.

use clap::{Subcommand, ValueEnum};
use kuzushi_domain::Id;
use kuzushi_store::NewApp;

use super::{Desk, PageArguments};
use crate::api::admin::{
    approvals,
    apps::{self, AppToChange, WireApp},
};

#[derive(Subcommand)]
pub enum AppCommand {
    /// Add an app. It answers nobody until a config version is active. One that is there already is shown.
    Create {
        /// The tenant, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// What pages embed it by; unique in the installation, and for good.
        #[arg(long)]
        project_id: String,
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "")]
        description: String,
        /// An origin that may embed it, such as https://www.example.org or https://*.example.org. For several, say it again.
        #[arg(long = "origin", value_name = "ORIGIN")]
        origins: Vec<String>,
    },
    /// List a tenant's apps, newest first.
    List {
        /// The tenant, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Show an app.
    Show {
        /// Its projectId.
        app: String,
    },
    /// Change an app. What is left out stays as it is.
    Change {
        /// Its projectId.
        app: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        description: Option<String>,
        /// An origin that may embed it, in place of all that might until now. For several, say it again.
        #[arg(long = "origin", value_name = "ORIGIN")]
        origins: Vec<String>,
        /// The revision that you have seen: where it is another by now, nothing is changed.
        #[arg(long)]
        if_revision: Option<i32>,
    },
    /// Say whether a second person has to approve what changes what new conversations get.
    ///
    /// An end to it is asked for, and needs the second person as well.
    Approval {
        /// The app's projectId.
        app: String,
        #[arg(value_enum)]
        required: Required,
        /// Why, for whoever has to approve it.
        #[arg(long)]
        note: Option<String>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Required {
    On,
    Off,
}

pub(super) async fn run(desk: &Desk, command: AppCommand) -> anyhow::Result<()> {
    let app = match command {
        AppCommand::List { tenant, page } => {
            let apps = desk.scope(&tenant).await?.apps(page.before::<Id<_>>()?, page.limit).await?;
            let next = page.next(&apps, |last| last.id.to_string());
            let apps = apps.into_iter().map(WireApp::from).collect();
            return desk.list("apps", apps, &["appId", "projectId", "name", "allowedOrigins"], next);
        }
        AppCommand::Approval { app, required, note } => {
            let (scope, app) = desk.app(&app).await?;
            let asked = approvals::set((&scope, &app), required == Required::On, note, desk.now).await?;
            return desk.show_asked(asked, |app| Ok(WireApp::from(app)));
        }
        AppCommand::Create { tenant, project_id, name, description, origins } => {
            let new = NewApp { project_id, name, description, allowed_origins: origins };
            apps::add(&desk.scope(&tenant).await?, new, desk.now).await?.into_inner()
        }
        AppCommand::Show { app } => desk.app(&app).await?.1,
        AppCommand::Change { app, name, description, origins, if_revision } => {
            let (scope, app) = desk.app(&app).await?;
            let allowed_origins = Some(origins).filter(|origins| !origins.is_empty());
            let change = apps::checked_change(AppToChange { name, description, allowed_origins })?;
            scope.change_app(app.id, change, if_revision, desk.now).await?
        }
    };
    desk.show(&WireApp::from(app))
}
