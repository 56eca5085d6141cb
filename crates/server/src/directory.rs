//! Apps at hand, so that not every request asks the database for what hardly ever changes.

use std::time::Duration;

use kuzushi_domain::{Id, id};
use kuzushi_store::{App, PublishedApp, Store, StoreError, TenantScope};
use tokio::time::Instant;

use crate::shelf::Shelf;

/// How long an app is taken for what it was. A change is seen everywhere within this time.
const FRESH_FOR: Duration = Duration::from_millis(500);
/// Apps kept at most.
const MOST: usize = 10_000;

pub struct AppDirectory {
    published: Shelf<String, PublishedApp>,
    /// By tenant as well: ids are unguessable, but that is no reason to show a tenant another one's app.
    apps: Shelf<(Id<id::Tenant>, Id<id::App>), App>,
}

impl Default for AppDirectory {
    fn default() -> Self {
        Self { published: Shelf::new(MOST, FRESH_FOR), apps: Shelf::new(MOST, FRESH_FOR) }
    }
}

impl AppDirectory {
    /// The app with this public name, and the config version that new sessions get.
    pub async fn published(&self, store: &Store, project_id: &str) -> Result<Option<PublishedApp>, StoreError> {
        let known = self.published.get(project_id);
        if known.is_some() {
            return Ok(known);
        }
        let read = Instant::now();
        let published = store.installation().published_app(project_id).await?;
        if let Some(app) = &published {
            self.published.keep(project_id.to_owned(), read, app.clone());
        }
        Ok(published)
    }

    pub async fn app(&self, scope: &TenantScope, id: Id<id::App>) -> Result<App, StoreError> {
        let key = (scope.id(), id);
        if let Some(app) = self.apps.get(&key) {
            return Ok(app);
        }
        let read = Instant::now();
        let app = scope.app(id).await?;
        self.apps.keep(key, read, app.clone());
        Ok(app)
    }
}
