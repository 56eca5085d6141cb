//! The indexes over articles, one an app, built when its first visitor comes and again when the articles change.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use kuzushi_assistant::{Knowledge, KnowledgeArticle};
use kuzushi_domain::{Id, id};
use kuzushi_store::{Article, ArticlesDigest, ArticlesStamp, StoreError, TenantScope};
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

/// How long an index is used before the articles are looked at again.
const FRESH_FOR: Duration = Duration::from_millis(500);

/// How often it is kept what is known by then: a server may end before it knows all.
const KEPT_EVERY: Duration = Duration::from_secs(10);

/// An index that knows all it can of the articles as they were at one moment.
pub struct CompleteIndex {
    pub knowledge: Arc<Knowledge>,
    pub articles: ArticlesDigest,
    /// Slugs of the articles by their ids (`art_…`).
    pub slugs: BTreeMap<String, String>,
}

/// An index, the articles it was made from, and when that was last compared.
#[derive(Clone)]
struct Shelved {
    stamp: ArticlesStamp,
    knowledge: Arc<Knowledge>,
    compared: Instant,
    /// When the first of the articles in it stops to hold.
    expires_at: Option<DateTime<Utc>>,
}

impl Shelved {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.compared.elapsed() < FRESH_FOR && self.holds(now)
    }

    fn is_of(&self, stamp: &ArticlesStamp, now: DateTime<Utc>) -> bool {
        self.stamp == *stamp && self.holds(now)
    }

    fn holds(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

#[derive(Default)]
pub struct KnowledgeShelf {
    indexes: Mutex<HashMap<Id<id::App>, Shelved>>,
    /// Whoever builds an app's index holds its place here, so that nobody builds it a second time meanwhile.
    builders: Mutex<HashMap<Id<id::App>, Arc<AsyncMutex<()>>>>,
}

impl KnowledgeShelf {
    /// Whether [`Self::of_app`] has to ask the store.
    pub fn is_stale(&self, app: Id<id::App>, now: DateTime<Utc>) -> bool {
        self.lock().get(&app).is_none_or(|shelved| !shelved.is_fresh(now))
    }

    /// Whether there is no index, and nobody who builds one.
    pub fn is_missing(&self, app: Id<id::App>) -> bool {
        !self.lock().contains_key(&app) && self.builder(app).try_lock().is_ok()
    }

    /// The index over the app's articles as they are now, without those that have expired.
    pub async fn of_app(
        &self,
        scope: &TenantScope,
        app: Id<id::App>,
        now: DateTime<Utc>,
    ) -> Result<Arc<Knowledge>, StoreError> {
        let shelved = self.lock().get(&app).cloned();
        if let Some(shelved) = &shelved
            && shelved.is_fresh(now)
        {
            return Ok(Arc::clone(&shelved.knowledge));
        }
        let compared = Instant::now();
        let stamp = scope.articles_stamp(app).await?;
        if let Some(shelved) = &shelved
            && shelved.is_of(&stamp, now)
        {
            self.lock().insert(app, Shelved { compared, ..shelved.clone() });
            return Ok(Arc::clone(&shelved.knowledge));
        }
        let builder = self.builder(app);
        let _alone = builder.lock().await;
        let shelved = self.lock().get(&app).cloned();
        // Somebody else was quicker.
        if let Some(shelved) = &shelved
            && shelved.is_of(&stamp, now)
        {
            return Ok(Arc::clone(&shelved.knowledge));
        }
        let mut articles = scope.articles(app).await?;
        articles.retain(|article| article.is_current(now));
        let expires_at = articles.iter().filter_map(|article| article.expires_at).min();
        let articles: Vec<_> = articles.into_iter().map(knowledge_article).collect();
        let kept = if shelved.is_none() { scope.article_meanings(app).await? } else { None };
        // Indexing is work for the processor, not for the threads that serve sockets.
        let knowledge = tokio::task::spawn_blocking(move || {
            let knowledge = Knowledge::index(articles);
            Arc::new(match shelved {
                Some(earlier) => knowledge.remembering(&earlier.knowledge),
                None => knowledge.recalling(&kept.unwrap_or_default()),
            })
        })
        .await
        .map_err(|error| StoreError::Other(format!("indexing articles: {error}")))?;
        learn(scope.clone(), app, &knowledge);
        self.lock().insert(app, Shelved { stamp, knowledge: Arc::clone(&knowledge), compared, expires_at });
        Ok(knowledge)
    }

    /// An index over the app's articles as they are at this moment, once all that there is to find out about them is found
    /// out: some seconds where they are new. As for visitors, without those that have expired.
    pub async fn complete(
        &self,
        scope: &TenantScope,
        app: Id<id::App>,
        now: DateTime<Utc>,
    ) -> Result<CompleteIndex, StoreError> {
        let mut articles = scope.articles(app).await?;
        articles.retain(|article| article.is_current(now));
        let digest = ArticlesDigest::of(&articles);
        let slugs = articles.iter().map(|article| (article.id.to_string(), article.slug.clone())).collect();
        let earlier = self.lock().get(&app).map(|shelved| Arc::clone(&shelved.knowledge));
        let kept = if earlier.is_none() { scope.article_meanings(app).await? } else { None };
        let articles: Vec<_> = articles.into_iter().map(knowledge_article).collect();
        let (knowledge, is_new) = tokio::task::spawn_blocking(move || {
            let knowledge = Knowledge::index(articles);
            let knowledge = match earlier {
                Some(earlier) => knowledge.remembering(&earlier),
                None => knowledge.recalling(&kept.unwrap_or_default()),
            };
            let is_new = !knowledge.knows_all();
            knowledge.learn_all();
            (Arc::new(knowledge), is_new)
        })
        .await
        .map_err(|error| StoreError::Other(format!("indexing articles: {error}")))?;
        if is_new {
            scope.keep_article_meanings(app, knowledge.learned()).await?;
        }
        Ok(CompleteIndex { knowledge, articles: digest, slugs })
    }

    fn builder(&self, app: Id<id::App>) -> Arc<AsyncMutex<()>> {
        Arc::clone(self.builders.lock().unwrap_or_else(PoisonError::into_inner).entry(app).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id<id::App>, Shelved>> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has it found out in the background what the articles mean, as long as somebody uses the index, and keeps it for the next
/// start.
fn learn(scope: TenantScope, app: Id<id::App>, knowledge: &Arc<Knowledge>) {
    if knowledge.knows_all() {
        return;
    }
    let knowledge = Arc::downgrade(knowledge);
    tokio::spawn(async move {
        let mut kept = Instant::now();
        let mut is_any_left = true;
        while is_any_left {
            let Some(knowledge) = knowledge.upgrade() else { return };
            let learning = tokio::task::spawn_blocking(move || {
                let is_any_left = knowledge.learn_more();
                (is_any_left, knowledge)
            });
            let Ok((left, knowledge)) = learning.await else { return };
            is_any_left = left;
            if is_any_left && kept.elapsed() < KEPT_EVERY {
                continue;
            }
            kept = Instant::now();
            if let Err(error) = scope.keep_article_meanings(app, knowledge.learned()).await {
                tracing::warn!(%app, %error, "what the articles mean is not kept and has to be found out again");
            }
        }
    });
}

fn knowledge_article(article: Article) -> KnowledgeArticle {
    let Article { id, slug, title, summary, url, questions, body, locale, .. } = article;
    KnowledgeArticle { id, slug, title, summary, url, questions, body, locale }
}
