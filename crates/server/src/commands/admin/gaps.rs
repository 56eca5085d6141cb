//! What patients ask about and no article covers.

use anyhow::ensure;
use chrono::TimeDelta;
use clap::{Subcommand, ValueEnum};
use kuzushi_domain::{Id, id};
use kuzushi_store::GapState;

use super::{Desk, PageArguments};
use crate::api::admin::gaps::{named, read_questions};

/// How long the reason lasts that was given for one reading.
const ONE_READING: TimeDelta = TimeDelta::minutes(1);

#[derive(Subcommand)]
pub enum GapCommand {
    /// List gaps, newest first, without patients' words. That they were listed is on record.
    List {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// Only those in this state.
        #[arg(long)]
        state: Option<State>,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Say that a gap is resolved: an article covers it now, or none is going to.
    Resolve {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// gap_…
        gap: Id<id::Gap>,
    },
    /// Say that a gap is open after all.
    Reopen {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// gap_…
        gap: Id<id::Gap>,
    },
    /// Read what patients asked, in their words, the newest first. The reason goes on record first.
    Questions {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// gap_…
        gap: Id<id::Gap>,
        /// Why what patients wrote has to be read.
        #[arg(long)]
        reason: String,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=200))]
        limit: u64,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum State {
    Open,
    Resolved,
}

impl From<State> for GapState {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Resolved => Self::Resolved,
        }
    }
}

pub(super) async fn run(desk: &Desk, command: GapCommand) -> anyhow::Result<()> {
    let (app, gap, state) = match command {
        GapCommand::List { app, state, page } => {
            let (scope, app) = desk.app(&app).await?;
            let gaps = scope.gaps(app.id, state.map(Into::into), page.before()?, page.limit, desk.now).await?;
            let next = page.next(&gaps, |last| last.id.to_string());
            let columns = ["gapId", "state", "questions", "lastAskedAt", "nearest"];
            return desk.list("gaps", named(&scope, &app, gaps).await?, &columns, next);
        }
        GapCommand::Questions { app, gap, reason, limit } => {
            ensure!(!reason.trim().is_empty(), "--reason: must not be empty");
            let (scope, app) = desk.app(&app).await?;
            scope.grant_access(reason.clone(), desk.now + ONE_READING, desk.now).await?;
            let questions = read_questions(&scope, app.id, gap, limit, &reason, desk.now).await?;
            return desk.list("questions", questions, &["sessionId", "seq", "askedAt", "content"], None);
        }
        GapCommand::Resolve { app, gap } => (app, gap, GapState::Resolved),
        GapCommand::Reopen { app, gap } => (app, gap, GapState::Open),
    };
    let (scope, app) = desk.app(&app).await?;
    let gap = scope.set_gap_state(app.id, gap, state, desk.now).await?;
    match named(&scope, &app, vec![gap]).await?.pop() {
        Some(gap) => desk.show(&gap),
        None => Ok(()),
    }
}
