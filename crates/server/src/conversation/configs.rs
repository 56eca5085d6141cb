//! Config versions at hand. A version never changes, so one that was read is good for ever.

use std::{sync::Arc, time::Duration};

use kuzushi_domain::{Id, config::AppConfig, id};
use kuzushi_store::{StoreError, TenantScope};
use tokio::time::Instant;

use crate::shelf::Shelf;

/// Versions kept at most.
const MOST: usize = 1_000;

/// The number of a version, within its app and tenant.
type VersionOf = (Id<id::Tenant>, Id<id::App>, i32);

pub struct ConfigShelf(Shelf<VersionOf, Arc<AppConfig>>);

impl Default for ConfigShelf {
    fn default() -> Self {
        Self(Shelf::new(MOST, Duration::MAX))
    }
}

impl ConfigShelf {
    pub async fn version(
        &self,
        scope: &TenantScope,
        app: Id<id::App>,
        version: i32,
    ) -> Result<Arc<AppConfig>, StoreError> {
        let key = (scope.id(), app, version);
        if let Some(config) = self.0.get(&key) {
            return Ok(config);
        }
        let read = Instant::now();
        let config = Arc::new(scope.config_version(app, version).await?.config);
        self.0.keep(key, read, Arc::clone(&config));
        Ok(config)
    }
}
