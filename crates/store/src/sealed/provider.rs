//! What wraps the keys that everything else lies under: the tenants', the audit chains' and the installation's own.

use std::{iter, sync::Arc};

use sea_orm::entity::prelude::async_trait;

use super::{ContentKey, KEY_LENGTH, Place, SealError, command, content_key, random_key};

/// Why a key could not be wrapped or unwrapped. Holds no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An outside program did not do what it was asked. Says which, and what to look at.
    #[error("{0}")]
    Program(String),
}

/// Wraps keys for the database, and unwraps them. What it returns says who wrapped it, so that several can be at hand while the
/// database changes from one to the next, and opens in its own place only.
#[async_trait::async_trait]
pub trait KeyProvider: Send + Sync {
    /// Whether the value has the form that this kind of provider gives it.
    fn understands(&self, wrapped: &[u8]) -> bool;

    /// Whether the value says that this very provider wrapped it.
    fn has_wrapped(&self, wrapped: &[u8]) -> bool;

    async fn wrap(&self, key: &[u8; KEY_LENGTH], place: Place) -> Result<Vec<u8>, KeyError>;

    async fn unwrap(&self, wrapped: &[u8], place: Place) -> Result<[u8; KEY_LENGTH], KeyError>;

    /// Does ahead whatever takes long, so that no transaction waits for it, and fails where nothing could be wrapped.
    async fn prepare(&self) -> Result<(), KeyError> {
        Ok(())
    }
}

/// The operator's key at the top: the provider that wraps, and those that wrapped before.
pub struct OperatorKey {
    present: Arc<dyn KeyProvider>,
    former: Vec<Arc<dyn KeyProvider>>,
}

impl OperatorKey {
    pub fn new(present: impl KeyProvider + 'static) -> Self {
        Self { present: Arc::new(present), former: Vec::new() }
    }

    /// Also opens what this provider has wrapped.
    pub fn also(mut self, former: impl KeyProvider + 'static) -> Self {
        self.former.push(Arc::new(former));
        self
    }

    /// A content key of these bytes.
    pub fn from_bytes(bytes: &[u8; KEY_LENGTH]) -> Result<Self, SealError> {
        Ok(Self::new(ContentKey::from_bytes(bytes)?))
    }

    /// Also opens what the content key of these bytes has wrapped.
    pub fn with_former(self, bytes: &[u8; KEY_LENGTH]) -> Result<Self, SealError> {
        Ok(self.also(ContentKey::from_bytes(bytes)?))
    }

    /// A new random key, wrapped.
    pub(crate) async fn generate_wrapped(&self, place: Place) -> Result<Vec<u8>, KeyError> {
        self.wrap(&random_key()?, place).await
    }

    pub(crate) async fn wrap(&self, key: &[u8; KEY_LENGTH], place: Place) -> Result<Vec<u8>, KeyError> {
        self.present.wrap(key, place).await
    }

    pub(crate) async fn unwrap(&self, wrapped: &[u8], place: Place) -> Result<[u8; KEY_LENGTH], KeyError> {
        let providers = || iter::once(&self.present).chain(&self.former);
        // One of the kind may open it under another name than it wrapped it under: a program that was moved. If not, it says so.
        let found = providers()
            .find(|provider| provider.has_wrapped(wrapped))
            .or_else(|| providers().find(|provider| provider.understands(wrapped)));
        match found {
            Some(provider) => provider.unwrap(wrapped, place).await,
            None => Err(match wrapped.first() {
                Some(&content_key::FORM) => SealError::NoContentKey,
                Some(&command::FORM) => SealError::NoCommand,
                _ => SealError::Malformed,
            }
            .into()),
        }
    }

    /// Whether the present provider wrapped it, and not a former one.
    pub(crate) fn is_present(&self, wrapped: &[u8]) -> bool {
        self.present.has_wrapped(wrapped)
    }

    pub(crate) async fn prepare(&self) -> Result<(), KeyError> {
        self.present.prepare().await
    }
}
