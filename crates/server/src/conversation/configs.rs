//! Config versions at hand. A version never changes, so one that was read is good for ever.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kuzushi_domain::{Id, config::AppConfig, id};
use kuzushi_store::{StoreError, TenantScope};

/// Versions kept at most. More than this many in use at once is another product.
const MOST: usize = 1_000;

/// An app and the number of a version of its config. An app's id is unguessable and belongs to one tenant, so that the
/// tenant need not be named.
type VersionOf = (Id<id::App>, i32);

#[derive(Default)]
pub struct ConfigShelf {
    versions: Mutex<HashMap<VersionOf, Arc<AppConfig>>>,
}

impl ConfigShelf {
    pub async fn version(
        &self,
        scope: &TenantScope,
        app: Id<id::App>,
        version: i32,
    ) -> Result<Arc<AppConfig>, StoreError> {
        let place = (app, version);
        let known = self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if let Some(config) = known {
            return Ok(config);
        }
        let config = Arc::new(scope.config_version(app, version).await?.config);
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if versions.len() >= MOST {
            versions.clear();
        }
        versions.insert(place, Arc::clone(&config));
        Ok(config)
    }
}
