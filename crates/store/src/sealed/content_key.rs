//! A key that the server has itself, from the environment or a file.

use sea_orm::entity::prelude::async_trait;

use super::{KEY_LENGTH, Key, KeyError, KeyProvider, Place, SealError, VERSION, whole};

/// What a value begins with that such a key wrapped: it is a sealed value like others.
pub(super) const FORM: u8 = VERSION;

/// Wraps with AES-256-GCM. Never printed.
pub struct ContentKey(Key);

impl ContentKey {
    pub fn from_bytes(bytes: &[u8; KEY_LENGTH]) -> Result<Self, SealError> {
        Key::from_bytes(bytes).map(Self)
    }
}

#[async_trait::async_trait]
impl KeyProvider for ContentKey {
    fn understands(&self, wrapped: &[u8]) -> bool {
        wrapped.first() == Some(&FORM)
    }

    fn has_wrapped(&self, wrapped: &[u8]) -> bool {
        self.understands(wrapped) && self.0.has_sealed(wrapped)
    }

    async fn wrap(&self, key: &[u8; KEY_LENGTH], place: Place) -> Result<Vec<u8>, KeyError> {
        Ok(self.0.seal(key, place)?)
    }

    async fn unwrap(&self, wrapped: &[u8], place: Place) -> Result<[u8; KEY_LENGTH], KeyError> {
        Ok(whole(&self.0.open(wrapped, place)?)?)
    }
}
