//! The file of an article: TOML between two `+++` lines, then the text.

use anyhow::{Context, ensure};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use kuzushi_domain::ArticleFormat;
use kuzushi_store::NewArticle;
use serde::Deserialize;

use crate::documents;

/// What stands between the `+++` lines of an article.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArticleHead {
    slug: String,
    title: String,
    #[serde(default)]
    summary: String,
    /// Project ids of the apps that may use it.
    apps: Vec<String>,
    url: Option<String>,
    #[serde(default)]
    questions: Vec<String>,
    #[serde(default = "default_locale")]
    locale: String,
    /// What the text below is written in: markdown, html or text.
    #[serde(default)]
    format: Option<String>,
    /// Who answers for it.
    #[serde(default)]
    owner: String,
    /// The day on which somebody has to look at it again.
    review_by: Option<toml::value::Datetime>,
    /// From then on nothing is answered from it: a time with its offset, or a day, which is over when it begins in UTC.
    expires_at: Option<toml::value::Datetime>,
    /// For editors; the store keeps its own time of the last change.
    #[serde(rename = "updated")]
    _updated: Option<toml::value::Datetime>,
}

fn default_locale() -> String {
    String::from("en-US")
}

/// An article's file: TOML between two `+++` lines, then Markdown. Returns the apps it is for, and the article.
pub fn article(file: &str) -> anyhow::Result<(Vec<String>, NewArticle)> {
    let rest = file.strip_prefix("+++\n").context("the file must begin with a line `+++`")?;
    let (head, body) = rest.split_once("\n+++\n").context("the head must end with a line `+++`")?;
    let ArticleHead {
        slug,
        title,
        summary,
        apps,
        url,
        questions,
        locale,
        format,
        owner,
        review_by,
        expires_at,
        _updated,
    } = toml::from_str(head)?;
    ensure!(!slug.is_empty() && !title.is_empty(), "slug and title must not be empty");
    let format: ArticleFormat =
        format.map_or(Ok(ArticleFormat::Markdown), |format| format.parse()).context("format")?;
    ensure!(format != ArticleFormat::Pdf, "format: a PDF is no text: use `kuzushi admin article import`");
    let body = documents::convert_here(format, body.trim().as_bytes()).context("the text")?.markdown;
    let article = NewArticle {
        slug,
        title,
        summary,
        url,
        questions,
        body,
        locale,
        format,
        file_name: None,
        owner,
        review_by: review_by.map(|date| day(date).context("review_by: wants a day such as 2027-03-31")).transpose()?,
        expires_at: expires_at
            .map(|time| moment(time).context("expires_at: wants a time such as 2027-03-31T22:00:00Z, or a day"))
            .transpose()?,
    };
    Ok((apps, article))
}

fn day(date: toml::value::Datetime) -> Option<NaiveDate> {
    date.date.filter(|_| date.time.is_none())?.to_string().parse().ok()
}

fn moment(time: toml::value::Datetime) -> Option<DateTime<Utc>> {
    match day(time) {
        Some(day) => Some(day.and_time(NaiveTime::MIN).and_utc()),
        None => time.to_string().parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_has_a_head_and_a_body() {
        let (apps, article) =
            article("+++\nslug = \"a\"\ntitle = \"A\"\napps = [\"p\"]\n+++\n\n## Hours\nDaily.\n").unwrap();
        assert_eq!(apps, ["p"]);
        assert_eq!(
            (article.slug.as_str(), article.body.as_str(), article.locale.as_str()),
            ("a", "## Hours\nDaily.", "en-US")
        );
    }

    #[test]
    fn an_article_says_who_answers_for_it_and_until_when() {
        let head = "slug = \"a\"\ntitle = \"A\"\napps = [\"p\"]\nformat = \"html\"\nowner = \"Front desk\"\nreview_by = 2027-03-31\nexpires_at = 2027-04-01T00:00:00+02:00";
        let (_, article) = article(&format!("+++\n{head}\n+++\n<p hidden>x</p><h2>Hours</h2>Daily.")).unwrap();
        assert_eq!((article.body.as_str(), article.format), ("## Hours\n\nDaily.", ArticleFormat::Html));
        assert_eq!(article.owner, "Front desk");
        assert_eq!(article.review_by.unwrap().to_string(), "2027-03-31");
        assert_eq!(article.expires_at.unwrap().to_rfc3339(), "2027-03-31T22:00:00+00:00");
        for wrong in
            ["review_by = 2027-03-31T00:00:00Z", "expires_at = 10:00:00", "format = \"pdf\"", "format = \"doc\""]
        {
            let head = format!("slug = \"a\"\ntitle = \"A\"\napps = [\"p\"]\n{wrong}");
            let error = super::article(&format!("+++\n{head}\n+++\nText")).unwrap_err();
            assert!(format!("{error:#}").contains(wrong.split(' ').next().unwrap()), "{error:#}");
        }
    }

    #[test]
    fn a_mistake_in_a_head_is_named() {
        let error = article("+++\nslug = \"a\"\ntitel = \"A\"\n+++\n").unwrap_err();
        assert!(format!("{error:#}").contains("titel"), "{error:#}");
        assert!(article("# no head").is_err());
    }
}
