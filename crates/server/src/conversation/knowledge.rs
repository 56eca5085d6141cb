//! The indexes over articles, one an app, built when first needed and again when the articles change.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kuzushi_assistant::{Knowledge, KnowledgeArticle};
use kuzushi_domain::{Id, id};
use kuzushi_store::{Article, ArticlesStamp, StoreError, TenantScope};

/// An index, and the articles it was made from.
type Shelved = (ArticlesStamp, Arc<Knowledge>);

#[derive(Default)]
pub struct KnowledgeShelf {
    indexes: Mutex<HashMap<Id<id::App>, Shelved>>,
}

impl KnowledgeShelf {
    /// The index over the app's articles as they are now.
    pub async fn of_app(&self, scope: &TenantScope, app: Id<id::App>) -> Result<Arc<Knowledge>, StoreError> {
        let stamp = scope.articles_stamp(app).await?;
        let shelved = self.indexes.lock().unwrap_or_else(PoisonError::into_inner).get(&app).cloned();
        if let Some((shelved_stamp, knowledge)) = shelved
            && shelved_stamp == stamp
        {
            return Ok(knowledge);
        }
        let articles: Vec<_> = scope.articles(app).await?.into_iter().map(knowledge_article).collect();
        // Indexing is work for the processor, not for the threads that serve sockets.
        let knowledge = tokio::task::spawn_blocking(move || Arc::new(Knowledge::index(articles)))
            .await
            .map_err(|error| StoreError::Other(format!("indexing articles: {error}")))?;
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner).insert(app, (stamp, Arc::clone(&knowledge)));
        Ok(knowledge)
    }
}

fn knowledge_article(article: Article) -> KnowledgeArticle {
    let Article { id, slug, title, summary, url, questions, body, locale, updated_at: _ } = article;
    KnowledgeArticle { id, slug, title, summary, url, questions, body, locale }
}
