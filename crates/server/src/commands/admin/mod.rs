//! `kuzushi admin`: what the administration API does, from the shell of the server's machine, on the database itself.
//!
//! It checks and does things with the same functions as the API's handlers. The audit trail names the command line.

mod agreements;
mod apps;
mod articles;
mod configs;
mod conversations;
mod gaps;
mod keys;
mod output;
mod spending;
mod suites;
mod tenants;
mod users;

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use kuzushi_domain::{Actor, Clock, Id, SystemClock, id};
use kuzushi_store::{App, Installation, Store, StoreError, TenantScope};

use self::{
    agreements::AgreementCommand, apps::AppCommand, articles::ArticleCommand, configs::ConfigCommand,
    conversations::ConversationCommand, gaps::GapCommand, keys::KeyCommand, spending::SpendingCommand,
    suites::SuiteCommand, tenants::TenantCommand, users::UserCommand,
};
use super::{
    find_tenant, open,
    staff::{self, StaffCommand},
};
use crate::{config::Config, error::ApiError, logging};

#[derive(Args)]
pub struct AdminArguments {
    /// Answer as the administration API does, in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Subcommand)]
pub enum AdminCommand {
    #[command(flatten)]
    Key(KeyCommand),
    #[command(flatten)]
    Staff(StaffCommand),
    /// Add, list, rename and close organisations, and destroy their keys.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Add, list and change apps, and say whether changes need a second person.
    #[command(subcommand)]
    App(AppCommand),
    /// Write, compare, activate, roll back and split an app's config versions, and decide what waits for approval.
    ///
    /// Where an app needs a second person, a change is asked for instead of made, and the exit code is 3. The command line
    /// counts as one person: whoever approves what was asked for here does it with a key of their own.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write, list and remove an app's suites of questions, and say which one config versions have to pass.
    ///
    /// `kuzushi evaluate` asks them.
    #[command(subcommand)]
    Suite(SuiteCommand),
    /// Add, list, change and delete patients' accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Write, list and remove an app's articles.
    #[command(subcommand)]
    Article(ArticleCommand),
    /// List what patients ask about and no article covers, and say what was done about it.
    #[command(subcommand)]
    Gap(GapCommand),
    /// List conversations, and read one for a reason that goes on record.
    #[command(subcommand)]
    Conversation(ConversationCommand),
    /// Note and withdraw agreements with providers of language models: without one nothing patients write goes there.
    #[command(subcommand, alias = "agreements")]
    Agreement(AgreementCommand),
    /// Say what language models may cost, and see what they did.
    #[command(subcommand)]
    Spending(SpendingCommand),
}

pub async fn run(config: Config, arguments: AdminArguments) -> anyhow::Result<()> {
    logging::init(&config.logging);
    let store = open(&config).await?;
    store.migrate().await?;
    let desk = Desk { store, now: SystemClock.now(), json: arguments.json };
    let outcome = match arguments.command {
        AdminCommand::Key(command) => keys::run(&desk, command).await,
        AdminCommand::Staff(command) => staff::run(&desk.store, command).await,
        AdminCommand::Tenant(command) => tenants::run(&desk, command).await,
        AdminCommand::App(command) => apps::run(&desk, command).await,
        AdminCommand::Config(command) => configs::run(&desk, command).await,
        AdminCommand::Suite(command) => suites::run(&desk, command).await,
        AdminCommand::User(command) => users::run(&desk, command).await,
        AdminCommand::Article(command) => articles::run(&desk, command).await,
        AdminCommand::Gap(command) => gaps::run(&desk, command).await,
        AdminCommand::Conversation(command) => conversations::run(&desk, command).await,
        AdminCommand::Agreement(command) => agreements::run(&desk, command).await,
        AdminCommand::Spending(command) => spending::run(&desk, command).await,
    };
    outcome.map_err(in_words)
}

/// What the API says of it, where that says more.
fn in_words(error: anyhow::Error) -> anyhow::Error {
    match (error.downcast_ref::<StoreError>(), error.downcast_ref::<ApiError>()) {
        (Some(StoreError::Changed { newest }), _) => ApiError::Changed { newest: *newest }.into(),
        (Some(StoreError::Divided { number }), _) => ApiError::Divided { number: *number }.into(),
        (Some(StoreError::Unproven(unproven)), _) => ApiError::Unproven(unproven.clone()).into(),
        (Some(StoreError::SuiteRequired), _) => ApiError::SuiteRequired.into(),
        (Some(StoreError::SecondPersonNeeded), _) => ApiError::SecondPersonNeeded.into(),
        (Some(StoreError::NotTheirs), _) => ApiError::NotYours.into(),
        (Some(StoreError::RequestClosed { state }), _) => ApiError::RequestClosed { state: *state }.into(),
        (Some(StoreError::NotClosed), _) => ApiError::NotClosed.into(),
        (_, Some(ApiError::NotFound)) => anyhow!("there is no such thing"),
        _ => error,
    }
}

/// What every command works with.
struct Desk {
    store: Store,
    now: DateTime<Utc>,
    json: bool,
}

impl Desk {
    fn installation(&self) -> Installation {
        self.store.installation().by(Actor::CommandLine)
    }

    /// The tenant of this id or internet domain.
    async fn tenant(&self, tenant: &str) -> anyhow::Result<Id<id::Tenant>> {
        find_tenant(&self.store, tenant).await
    }

    async fn scope(&self, tenant: &str) -> anyhow::Result<TenantScope> {
        Ok(self.store.tenant(self.tenant(tenant).await?).await?.by(Actor::CommandLine))
    }

    /// The app of this public name, which one app of the installation has.
    async fn app(&self, project_id: &str) -> anyhow::Result<(TenantScope, App)> {
        let app = self.installation().app_by_project(project_id).await?;
        let app = app.with_context(|| format!("--app: there is no app `{project_id}`: wants its projectId"))?;
        Ok((self.store.tenant(app.tenant).await?.by(Actor::CommandLine), app))
    }
}

/// Which part of a list to show, newest first.
#[derive(Args)]
pub struct PageArguments {
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=200))]
    limit: u64,
    /// What comes after this one: what a list that goes on ends with.
    #[arg(long, value_name = "CURSOR")]
    before: Option<String>,
}

impl PageArguments {
    fn before<Cursor: std::str::FromStr>(&self) -> anyhow::Result<Option<Cursor>> {
        let Some(before) = &self.before else { return Ok(None) };
        match before.parse() {
            Ok(before) => Ok(Some(before)),
            Err(_) => bail!("--before: wants what an earlier list ended with"),
        }
    }

    /// The next page's cursor, if this page is full.
    fn next<Item>(&self, items: &[Item], cursor: impl FnOnce(&Item) -> String) -> Option<String> {
        items.last().filter(|_| items.len() as u64 == self.limit).map(cursor)
    }
}
