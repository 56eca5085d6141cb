//! A tenant's conversations: which there were, and, for a reason that goes on record, what was said in one.

use anyhow::ensure;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Subcommand;
use kuzushi_domain::{Id, id};
use kuzushi_store::{ConversationFilter, PageRequest};

use super::{Desk, PageArguments};
use crate::{
    api::{
        admin::conversations::{self, WireConversation},
        messages::MessageList,
        wire::Timestamp,
    },
    commands::print,
};

/// How long the reason lasts that was given for one reading.
const ONE_READING: TimeDelta = TimeDelta::minutes(1);

#[derive(Subcommand)]
pub enum ConversationCommand {
    /// List conversations, newest first, without what was said. That they were listed is on record.
    List {
        /// The tenant, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// Only those of this app, by projectId.
        #[arg(long)]
        app: Option<String>,
        /// Only those of this patient, usr_….
        #[arg(long)]
        user: Option<Id<id::User>>,
        /// Only those that began at this time or later, such as 2026-11-23T09:00:00Z.
        #[arg(long)]
        from: Option<DateTime<Utc>>,
        /// Only those that began before this time.
        #[arg(long)]
        to: Option<DateTime<Utc>>,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Read what was said in a conversation. The reason goes on record first.
    Read {
        /// The tenant, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// sess_…
        conversation: Id<id::Session>,
        /// Why what a patient wrote has to be read.
        #[arg(long)]
        reason: String,
        /// Messages at most, from the oldest that is asked for.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=200))]
        limit: u64,
        /// Only those after this message's seq.
        #[arg(long, default_value_t = 0)]
        after: i64,
    },
}

pub(super) async fn run(desk: &Desk, command: ConversationCommand) -> anyhow::Result<()> {
    match command {
        ConversationCommand::List { tenant, app, user, from, to, page } => {
            let scope = desk.scope(&tenant).await?;
            let app = match app {
                Some(app) => Some(desk.app(&app).await?.1.id),
                None => None,
            };
            let filter = ConversationFilter { before: page.before()?, app, user, from, to };
            let found = conversations::listed(&scope, filter, page.limit, desk.now).await?;
            let next = page.next(&found, |last| last.id.to_string());
            let found = found.into_iter().map(WireConversation::from).collect();
            let columns = ["sessionId", "createdAt", "lastActiveAt", "messageCount", "configVersion", "userId"];
            desk.list("conversations", found, &columns, next)
        }
        ConversationCommand::Read { tenant, conversation, reason, limit, after } => {
            ensure!(!reason.trim().is_empty(), "--reason: must not be empty");
            let scope = desk.scope(&tenant).await?;
            let session = scope.session(conversation).await?;
            scope.grant_access(reason.clone(), desk.now + ONE_READING, desk.now).await?;
            let page = PageRequest { before: None, after: Some(after), limit };
            let page = conversations::read(&scope, &session, page, reason, desk.now).await?;
            if desk.json {
                return desk.show(&MessageList::from(&page));
            }
            for message in &page.messages {
                let at = Timestamp(message.created_at).text();
                print(&format!("[{} {at}] {}:\n{}\n\n", message.seq, message.role.as_str(), message.content.expose()))?;
            }
            if page.has_newer { print(&format!("…  more: --after {}\n", after + limit as i64)) } else { Ok(()) }
        }
    }
}
