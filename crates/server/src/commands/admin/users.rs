//! Patients' accounts. A password is read from standard input: arguments are seen by everybody on the machine.

use std::io::Read;

use anyhow::Context;
use clap::Subcommand;
use kuzushi_domain::{EmailAddress, Id, id};

use super::{Desk, PageArguments};
use crate::{
    api::admin::{
        user_deletion,
        users::{self, UserChangeRequest, UserToCreate, WireUser},
    },
    auth::passwords::Passwords,
};

#[derive(Subcommand)]
pub enum UserCommand {
    /// Add a patient who can sign in. One who is there already, just so, is shown.
    Create {
        /// The tenant, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// Read a password, of at least 12 characters, from standard input.
        #[arg(long)]
        password_stdin: bool,
        /// Instead of a password, its Argon2id or bcrypt hash from elsewhere.
        #[arg(long, conflicts_with = "password_stdin")]
        password_hash: Option<String>,
    },
    /// List patients who can sign in, newest first.
    List {
        /// The tenant, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// Only the one with this address.
        #[arg(long)]
        email: Option<EmailAddress>,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Show a patient who can sign in.
    Show {
        /// The tenant, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// usr_…
        user: Id<id::User>,
    },
    /// Change a patient's name or password, or disable them. A new password and being disabled sign them out everywhere.
    Change {
        /// The tenant, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// usr_…
        user: Id<id::User>,
        #[arg(long)]
        name: Option<String>,
        /// Read a new password from standard input.
        #[arg(long)]
        password_stdin: bool,
        /// Let them in no more (true), or again (false).
        #[arg(long)]
        disabled: Option<bool>,
        /// The version that you have seen: where it is another by now, nothing is changed.
        #[arg(long)]
        if_version: Option<i32>,
    },
    /// Delete a patient's account. Their conversations are opened by nobody any more.
    Delete {
        /// The tenant, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// usr_…
        user: Id<id::User>,
        /// Destroy the content of all their conversations, for good.
        #[arg(long)]
        erase_conversations: bool,
        /// The version that you have seen: where it is another by now, nothing is deleted.
        #[arg(long)]
        if_version: Option<i32>,
    },
}

pub(super) async fn run(desk: &Desk, command: UserCommand) -> anyhow::Result<()> {
    let passwords = Passwords::default();
    let user = match command {
        UserCommand::List { tenant, email, page } => {
            let scope = desk.scope(&tenant).await?;
            let users = match email {
                Some(email) => scope.user_by_email(&email).await?.into_iter().collect(),
                None => scope.users(page.before::<Id<_>>()?, page.limit).await?,
            };
            let next = page.next(&users, |last| last.id.to_string());
            let users = users.into_iter().map(WireUser::from).collect();
            return desk.list("users", users, &["userId", "email", "name", "disabledAt"], next);
        }
        UserCommand::Delete { tenant, user, erase_conversations, if_version } => {
            let scope = desk.scope(&tenant).await?;
            user_deletion::delete(&scope, user, if_version, erase_conversations, desk.now).await.1?;
            return Ok(());
        }
        UserCommand::Create { tenant, email, name, password_stdin, password_hash } => {
            let scope = desk.scope(&tenant).await?;
            let password = password(password_stdin)?;
            let new = UserToCreate { email, name, password, password_hash };
            users::add(&passwords, &scope, new, desk.now).await?.into_inner()
        }
        UserCommand::Show { tenant, user } => desk.scope(&tenant).await?.user(user).await?,
        UserCommand::Change { tenant, user, name, password_stdin, disabled, if_version } => {
            let scope = desk.scope(&tenant).await?;
            let password = password(password_stdin)?;
            let change = UserChangeRequest { name, password, password_hash: None, disabled, if_version };
            users::change(&passwords, &scope, user, change, desk.now).await?
        }
    };
    desk.show(&WireUser::from(user))
}

/// The first line of standard input, where it is asked for.
fn password(is_asked_for: bool) -> anyhow::Result<Option<String>> {
    if !is_asked_for {
        return Ok(None);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("--password-stdin")?;
    Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
}
