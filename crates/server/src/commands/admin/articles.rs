//! An app's articles: what its assistant answers from.

use std::{fs, path::PathBuf, str::FromStr};

use anyhow::{Context, anyhow, ensure};
use clap::{Subcommand, ValueEnum};
use kuzushi_domain::ArticleFormat;
use kuzushi_store::{Article, ArticleChange, ArticleFilter, NewArticle};

use super::Desk;
use crate::{
    api::admin::{
        article_documents::{self, Upload},
        articles::{self, WireArticle},
    },
    documents,
    error::ApiError,
    seed,
};

#[derive(Subcommand)]
pub enum ArticleCommand {
    /// Add an article, or replace the one of its slug, from a file such as `kuzushi seed` takes.
    ///
    /// The file has a head in TOML between two lines of three plus signs: slug, title and apps, which names this one, and as
    /// wanted summary, questions, url, locale, owner, review_by, expires_at and format (markdown, html or text). The text follows.
    /// Every node answers from it within a second.
    Write {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        file: PathBuf,
    },
    /// Make a document the text of an article: a PDF, a web page, plain text or Markdown, told by how its name ends.
    ///
    /// Where there is no such article yet it is added, under the title that the document has. What an article says besides
    /// its text stays as it is.
    Import {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        slug: String,
        file: PathBuf,
        /// In place of what the document calls itself.
        #[arg(long)]
        title: Option<String>,
    },
    /// Say who answers for an article, when somebody has to look at it again, and until when it holds.
    ///
    /// What is not given stays as it is; `none` takes it away.
    Keep {
        /// The app's projectId.
        #[arg(long)]
        app: String,
        slug: String,
        /// A name.
        #[arg(long)]
        owner: Option<String>,
        /// A day, such as 2027-03-31.
        #[arg(long, value_name = "DAY")]
        review_by: Option<String>,
        /// A time, such as 2027-03-31T22:00:00Z: from then on nothing is answered from it.
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// List articles by slug.
    List {
        /// Only those whose day of review has come, or from which nothing is answered any more.
        #[arg(long)]
        due: Option<Due>,
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

#[derive(Clone, Copy, ValueEnum)]
pub enum Due {
    Review,
    Expired,
}

impl From<Due> for ArticleFilter {
    fn from(due: Due) -> Self {
        match due {
            Due::Review => Self::ReviewDue,
            Due::Expired => Self::Expired,
        }
    }
}

/// A value, or `none`.
fn given<T: FromStr>(text: &str, name: &str, wanted: &str) -> anyhow::Result<Option<T>> {
    if text == "none" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| anyhow!("--{name}: wants {wanted}, or none"))
}

pub(super) async fn run(desk: &Desk, command: ArticleCommand) -> anyhow::Result<()> {
    let article = match command {
        ArticleCommand::List { app, due, limit, after } => {
            let (scope, app) = desk.app(&app).await?;
            let due = due.map_or(ArticleFilter::All, ArticleFilter::from);
            let articles = scope.article_page(app.id, due, after.as_deref(), limit, desk.now).await?;
            let articles = articles.into_iter().map(WireArticle::from).collect();
            return desk.list("articles", articles, &["slug", "title", "owner", "reviewBy", "updatedAt"], None);
        }
        ArticleCommand::Remove { app, slug } => {
            let (scope, app) = desk.app(&app).await?;
            scope.remove_article(app.id, &slug, None, desk.now).await?;
            return Ok(());
        }
        ArticleCommand::Import { app, slug, file, title } => {
            let (scope, app) = desk.app(&app).await?;
            let name = file.display().to_string();
            let format = ArticleFormat::of_file_name(&name)
                .with_context(|| format!("{name}: wants a name that ends in .pdf, .html, .txt or .md"))?;
            let bytes = fs::read(&file).with_context(|| name.clone())?;
            ensure!(bytes.len() <= documents::LARGEST, "{name}: must have at most {} bytes", documents::LARGEST);
            let document = documents::convert(format, bytes.into()).await.context(name.clone())?;
            let upload = Upload::new(format, Some(&name), title.as_deref());
            changed(article_documents::put(&scope, app.id, slug, upload, document, None, desk.now).await?)?
        }
        ArticleCommand::Keep { app, slug, owner, review_by, expires_at } => {
            let (scope, app) = desk.app(&app).await?;
            let known = scope.article(app.id, &slug).await?;
            let known = known.with_context(|| format!("there is no article `{slug}`"))?;
            let revision = known.revision();
            let mut article = NewArticle::from(known);
            if let Some(owner) = owner {
                article.owner = if owner == "none" { String::new() } else { owner };
            }
            if let Some(day) = review_by {
                article.review_by = given(&day, "review-by", "a day such as 2027-03-31")?;
            }
            if let Some(time) = expires_at {
                article.expires_at = given(&time, "expires-at", "a time such as 2027-03-31T22:00:00Z")?;
            }
            let article = articles::acceptable(article)?;
            changed(scope.put_article(app.id, article, Some(revision), desk.now).await?)?
        }
        ArticleCommand::Write { app, file } => {
            let (scope, app) = desk.app(&app).await?;
            let name = file.display().to_string();
            let text = fs::read_to_string(&file).with_context(|| name.clone())?;
            let (apps, article) = seed::article(&text).context(name.clone())?;
            ensure!(apps.contains(&app.project_id), "{name}: apps: does not name `{}`", app.project_id);
            let article = articles::acceptable(article)?;
            changed(scope.put_article(app.id, article, None, desk.now).await?)?
        }
        ArticleCommand::Show { app, slug } => {
            let (scope, app) = desk.app(&app).await?;
            scope.article(app.id, &slug).await?.with_context(|| format!("there is no article `{slug}`"))?
        }
    };
    desk.show(&WireArticle::from(article))
}

/// The article that a change left.
fn changed(change: ArticleChange) -> anyhow::Result<Article> {
    match change {
        ArticleChange::Added(article) | ArticleChange::Replaced(article) => Ok(article),
        ArticleChange::Removed | ArticleChange::Outdated => Err(ApiError::Outdated.into()),
    }
}
