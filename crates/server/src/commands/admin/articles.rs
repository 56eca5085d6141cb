//! An app's articles: what its assistant answers from.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use clap::Subcommand;
use kuzushi_store::ArticleChange;

use super::Desk;
use crate::{
    api::admin::articles::{self, WireArticle},
    error::ApiError,
    seed,
};

#[derive(Subcommand)]
pub enum ArticleCommand {
    /// Add an article, or replace the one of its slug, from a file such as `kuzushi seed` takes.
    ///
    /// The file has a head in TOML between two lines of three plus signs: slug, title and apps, which names this one, and as
    /// wanted summary, questions and url. Markdown follows. Every node answers from it within a second.
    Write {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        file: PathBuf,
    },
    /// List articles by slug.
    List {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=200))]
        limit: u64,
        /// Only those after this slug.
        #[arg(long)]
        after: Option<String>,
    },
    /// Show an article.
    Show {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        slug: String,
    },
    /// Remove an article. Answers that were given from it keep naming it.
    Remove {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        slug: String,
    },
}

pub(super) async fn run(desk: &Desk, command: ArticleCommand) -> anyhow::Result<()> {
    let article = match command {
        ArticleCommand::List { app, limit, after } => {
            let (scope, app) = desk.app(&app).await?;
            let articles = scope.article_page(app.id, after.as_deref(), limit).await?;
            let articles = articles.into_iter().map(WireArticle::from).collect();
            return desk.list("articles", articles, &["slug", "title", "updatedAt"], None);
        }
        ArticleCommand::Remove { app, slug } => {
            let (scope, app) = desk.app(&app).await?;
            scope.remove_article(app.id, &slug, None, desk.now).await?;
            return Ok(());
        }
        ArticleCommand::Write { app, file } => {
            let (scope, app) = desk.app(&app).await?;
            let name = file.display().to_string();
            let text = fs::read_to_string(&file).with_context(|| name.clone())?;
            let (apps, article) = seed::article(&text).context(name.clone())?;
            ensure!(apps.contains(&app.project_id), "{name}: apps: does not name `{}`", app.project_id);
            let article = articles::acceptable(article)?;
            match scope.put_article(app.id, article, None, desk.now).await? {
                ArticleChange::Added(article) | ArticleChange::Replaced(article) => article,
                ArticleChange::Removed | ArticleChange::Outdated => return Err(ApiError::Outdated.into()),
            }
        }
        ArticleCommand::Show { app, slug } => {
            let (scope, app) = desk.app(&app).await?;
            scope.article(app.id, &slug).await?.with_context(|| format!("there is no article `{slug}`"))?
        }
    };
    desk.show(&WireArticle::from(article))
}
