//! Apps at hand, so that not every request asks the database for what hardly ever changes.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kuzushi_domain::{Id, id};
use kuzushi_store::{App, PublishedApp, Store, StoreError, TenantScope};
use tokio::time::Instant;

/// How long an app is taken for what it was. A change is seen everywhere within this time.
const FRESH_FOR: Duration = Duration::from_millis(500);
/// Apps kept at most.
const MOST: usize = 10_000;

#[derive(Default)]
pub struct AppDirectory {
    published: Mutex<Shelf<String, PublishedApp>>,
    apps: Mutex<Shelf<Id<id::App>, App>>,
}

type Shelf<Key, App> = HashMap<Key, (Instant, App)>;

impl AppDirectory {
    /// The app with this public name, and the config version that new sessions get.
    pub async fn published(&self, store: &Store, project_id: &str) -> Result<Option<PublishedApp>, StoreError> {
        let known = lock(&self.published).get(project_id).and_then(fresh);
        if known.is_some() {
            return Ok(known);
        }
        let read = Instant::now();
        let published = store.installation().published_app(project_id).await?;
        if let Some(app) = &published {
            keep(&self.published, project_id.to_owned(), read, app.clone());
        }
        Ok(published)
    }

    pub async fn app(&self, scope: &TenantScope, id: Id<id::App>) -> Result<App, StoreError> {
        let known = lock(&self.apps).get(&id).and_then(fresh);
        // Ids are unguessable, but that is no reason to show a tenant another one's app.
        if let Some(app) = known.filter(|app| app.tenant == scope.id()) {
            return Ok(app);
        }
        let read = Instant::now();
        let app = scope.app(id).await?;
        keep(&self.apps, id, read, app.clone());
        Ok(app)
    }
}

fn fresh<App: Clone>((read, app): &(Instant, App)) -> Option<App> {
    (read.elapsed() < FRESH_FOR).then(|| app.clone())
}

fn keep<Key: std::hash::Hash + Eq, App>(shelf: &Mutex<Shelf<Key, App>>, key: Key, read: Instant, app: App) {
    let mut shelf = lock(shelf);
    if shelf.len() >= MOST {
        shelf.clear();
    }
    shelf.insert(key, (read, app));
}

fn lock<Key, App>(shelf: &Mutex<Shelf<Key, App>>) -> MutexGuard<'_, Shelf<Key, App>> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
