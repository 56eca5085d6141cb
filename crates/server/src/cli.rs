//! The command line.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Parser, Subcommand};
use kuzushi_domain::ArticleFormat;

use crate::{
    commands::{self, admin::AdminArguments, audit::AuditCommand, evaluate::EvaluateArguments, keys::KeysCommand},
    config,
    seed::DemoModel,
    uploads::FileKind,
};

/// An assistant for hospitals' websites: it answers patients from what the hospital approved.
///
/// Everything is set in the environment or in a file; `kuzushi config-reference` lists it all.
#[derive(Parser)]
#[command(name = "kuzushi", version, max_term_width = 100)]
pub struct Cli {
    /// A TOML file with settings. The environment wins over it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    ///
    /// Needs JWT_SECRET. Brings the database's schema up to date before it takes connections, and stops gracefully on
    /// SIGTERM and Ctrl-C: sockets are told to come back, running answers get SHUTDOWN_GRACE seconds to finish.
    Serve,
    /// Run the server with a demo hospital in it, on an embedded database.
    ///
    /// Needs nothing set: keys are generated into DATA_DIR and kept. Open the address it prints.
    Demo(DemoArguments),
    /// Bring the database's schema up to date, and leave.
    ///
    /// Safe to run on several machines at once, and to run again.
    Migrate,
    /// Add or update a hospital, its apps, configs and articles.
    ///
    /// Takes the demo hospital, or a folder of the same form: hospital.toml, the config documents it names, and
    /// articles/*.md. Running it again changes only what differs; a changed config becomes a new version.
    Seed {
        /// The folder; without it, the demo hospital.
        folder: Option<PathBuf>,
    },
    /// Administer tenants, apps, config versions, accounts, articles, conversations and API keys.
    ///
    /// It works on the database itself, with or without a running server, and the audit trail names the command line. A fresh
    /// installation has no key to the administration API, and no login: `create-key` makes the first operator.
    ///
    /// The exit code is 0 when it is done, 1 when it is not, with one line that says why, 2 for wrong arguments, and 3 when a
    /// second person has to approve it.
    Admin(AdminArguments),
    /// Ask a suite of questions of a config version, and say which answers are as expected.
    ///
    /// It asks what a server would, from the app's articles as they are and with the models that are set up, and records how
    /// many cases passed. docs/evaluation.md says what a suite holds.
    ///
    /// The exit code is 0 when as many cases passed as --minimum says, 4 when fewer did, 1 when it could not be done, with one
    /// line that says why, and 2 for wrong arguments.
    Evaluate(EvaluateArguments),
    /// Check, note and export the audit trail.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Change the content key, and check that everything opens.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Get and check the models of the built-in voice.
    #[cfg(feature = "voice")]
    Voice {
        #[command(subcommand)]
        command: commands::voice::VoiceCommand,
    },
    /// Print what the Content Security Policy of a page with the widget has to allow, and nothing more.
    ///
    /// Each line is a directive and the sources to add to it. The address is the one that browsers reach the server at.
    Csp {
        /// The server's address; without it, API_BASE_URL.
        #[arg(long, value_name = "URL")]
        api_base_url: Option<String>,
    },
    /// Print the description of the HTTP API and of the socket's frames (OpenAPI, JSON).
    Openapi,
    /// Print the schema of an app's config document (JSON Schema).
    ConfigSchema,
    /// Print the reference of all settings (Markdown).
    ConfigReference,
    /// Read a document from standard input, and print its text as JSON: how the server has documents read.
    #[command(hide = true)]
    ConvertDocument {
        #[arg(long)]
        format: ArticleFormat,
    },
    /// Look at a visitor's file on standard input, and print what is kept of it: how the server has files looked at.
    #[command(hide = true)]
    CheckUpload {
        #[arg(long)]
        kind: FileKind,
    },
}

/// What others made, on standard input.
#[derive(Debug, Clone, Copy)]
pub enum ReadsApart {
    Document(ArticleFormat),
    Upload(FileKind),
}

/// Who answers in the demo hospital.
#[derive(Args)]
pub struct DemoArguments {
    /// The model that answers patients, as provider and name, such as openai:gpt-5-mini or anthropic:claude-haiku-4-5.
    ///
    /// The provider has to be set up in the environment. Without it, the built-in assistant answers.
    #[arg(long, value_name = "PROVIDER:NAME")]
    pub model: Option<DemoModel>,
    /// Have a made-up model answer, which quotes its first source: streaming to look at, without an account anywhere.
    #[cfg(feature = "fake-model")]
    #[arg(long, conflicts_with = "model")]
    pub fake_model: bool,
}

impl Cli {
    /// What this process does with standard input, where it is there to read what others made.
    pub fn reads_apart(&self) -> Option<ReadsApart> {
        match self.command {
            Command::ConvertDocument { format } => Some(ReadsApart::Document(format)),
            Command::CheckUpload { kind } => Some(ReadsApart::Upload(kind)),
            _ => None,
        }
    }

    pub async fn run(self) -> anyhow::Result<()> {
        let config = || config::Config::load(self.config.as_deref());
        match self.command {
            Command::Serve => commands::serve(config()?).await,
            Command::Demo(arguments) => commands::demo(config()?, arguments).await,
            Command::Migrate => commands::migrate(config()?).await,
            Command::Seed { folder } => commands::seed(config()?, folder).await,
            Command::Admin(arguments) => commands::admin::run(config()?, arguments).await,
            Command::Evaluate(arguments) => commands::evaluate::run(config()?, arguments).await,
            Command::Audit { command } => commands::audit::run(config()?, command).await,
            Command::Keys { command } => commands::keys::run(config()?, command).await,
            #[cfg(feature = "voice")]
            Command::Voice { command } => commands::voice::run(config()?, command).await,
            Command::Csp { api_base_url } => commands::csp::csp(config()?, api_base_url.as_deref()),
            Command::Openapi => commands::print(&crate::router::description_json()?),
            Command::ConfigSchema => commands::print(&crate::router::config_schema_json()?),
            Command::ConfigReference => commands::print(&config::reference()),
            Command::ConvertDocument { .. } | Command::CheckUpload { .. } => {
                bail!("this is read before anything is set up")
            }
        }
    }
}
