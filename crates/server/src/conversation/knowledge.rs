//! The indexes over articles, one an app, built when first needed and again when the articles change.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kuzushi_assistant::{Knowledge, KnowledgeArticle};
use kuzushi_domain::{Id, id};
use kuzushi_store::{Article, ArticlesStamp, StoreError, TenantScope};
use tokio::time::Instant;

/// How long an index is used before the articles are looked at again.
const FRESH_FOR: Duration = Duration::from_millis(500);

/// An index, the articles it was made from, and when that was last compared.
#[derive(Clone)]
struct Shelved {
    stamp: ArticlesStamp,
    knowledge: Arc<Knowledge>,
    compared: Instant,
}

#[derive(Default)]
pub struct KnowledgeShelf {
    indexes: Mutex<HashMap<Id<id::App>, Shelved>>,
}

impl KnowledgeShelf {
    /// The index over the app's articles as they are now.
    pub async fn of_app(&self, scope: &TenantScope, app: Id<id::App>) -> Result<Arc<Knowledge>, StoreError> {
        let shelved = self.lock().get(&app).cloned();
        if let Some(shelved) = &shelved
            && shelved.compared.elapsed() < FRESH_FOR
        {
            return Ok(Arc::clone(&shelved.knowledge));
        }
        let compared = Instant::now();
        let stamp = scope.articles_stamp(app).await?;
        if let Some(shelved) = &shelved
            && shelved.stamp == stamp
        {
            self.lock().insert(app, Shelved { compared, ..shelved.clone() });
            return Ok(Arc::clone(&shelved.knowledge));
        }
        let articles: Vec<_> = scope.articles(app).await?.into_iter().map(knowledge_article).collect();
        // Indexing is work for the processor, not for the threads that serve sockets.
        let knowledge = tokio::task::spawn_blocking(move || {
            let knowledge = Knowledge::index(articles);
            Arc::new(match shelved {
                Some(earlier) => knowledge.remembering(&earlier.knowledge),
                None => knowledge,
            })
        })
        .await
        .map_err(|error| StoreError::Other(format!("indexing articles: {error}")))?;
        learn(&knowledge);
        self.lock().insert(app, Shelved { stamp, knowledge: Arc::clone(&knowledge), compared });
        Ok(knowledge)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id<id::App>, Shelved>> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has it found out in the background what the articles mean, as long as somebody uses the index.
fn learn(knowledge: &Arc<Knowledge>) {
    let knowledge = Arc::downgrade(knowledge);
    tokio::task::spawn_blocking(move || while knowledge.upgrade().is_some_and(|knowledge| knowledge.learn_more()) {});
}

fn knowledge_article(article: Article) -> KnowledgeArticle {
    let Article { id, slug, title, summary, url, questions, body, locale, updated_at: _ } = article;
    KnowledgeArticle { id, slug, title, summary, url, questions, body, locale }
}
