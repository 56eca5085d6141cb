//! Content sealed at rest: the operator's key wraps a key per tenant, which wraps a key per conversation, which
//! seals what was said. Destroying a conversation's key erases the conversation wherever copies of it lie.
//!
//! What wraps the tenants' keys is a [`KeyProvider`]; those of conversations and patients are wrapped here.
//!
//! Layout of a sealed value: version (1 byte), key id (4 bytes), nonce (12 bytes), AES-256-GCM ciphertext with tag.
//! The associated data names the value's place (tenant, table, row, column), so that a ciphertext moved elsewhere
//! does not open.

mod command;
mod content_key;
mod provider;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest, hmac, rand,
};
use kuzushi_domain::{Id, id};
use uuid::Uuid;

pub use command::KeyCommand;
pub use content_key::ContentKey;
pub use provider::{KeyError, KeyProvider, OperatorKey};

const VERSION: u8 = 1;
const KEY_ID_LENGTH: usize = 4;
const HEADER_LENGTH: usize = 1 + KEY_ID_LENGTH + NONCE_LEN;

/// Bytes in every key of the hierarchy.
pub const KEY_LENGTH: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("it is not a sealed value of a known version")]
    Malformed,
    #[error("it was sealed with another key")]
    OtherKey,
    #[error("a content key wrapped it, and none is at hand: name it in CONTENT_KEY_PREVIOUS")]
    NoContentKey,
    #[error("a program wrapped it, and none is at hand: name it in CONTENT_KEY_COMMAND_PREVIOUS")]
    NoCommand,
    #[error("it was altered, or moved from another place")]
    Altered,
    #[error("the cryptographic library failed")]
    Library,
}

/// Where a sealed value belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    tenant: Uuid,
    table: &'static str,
    row: Uuid,
    column: &'static str,
}

impl Place {
    pub(crate) fn new(tenant: Id<id::Tenant>, table: &'static str, row: Uuid, column: &'static str) -> Self {
        Self { tenant: tenant.uuid(), table, row, column }
    }

    pub(crate) fn tenant_key(tenant: Id<id::Tenant>) -> Self {
        Self::new(tenant, "tenants", tenant.uuid(), "wrapped_key")
    }

    pub(crate) fn installation_key() -> Self {
        Self { tenant: Uuid::nil(), table: "installation_keys", row: Uuid::nil(), column: "wrapped_key" }
    }

    /// `chain` is a tenant's, or all zeros for the installation's.
    pub(crate) fn audit_key(chain: Uuid) -> Self {
        Self { tenant: chain, table: "audit_chains", row: chain, column: "wrapped_key" }
    }

    pub(crate) fn conversation_key(tenant: Id<id::Tenant>, session: Id<id::Session>) -> Self {
        Self::new(tenant, "sessions", session.uuid(), "wrapped_key")
    }

    pub(crate) fn user_key(tenant: Id<id::Tenant>, user: Id<id::User>) -> Self {
        Self::new(tenant, "users", user.uuid(), "wrapped_key")
    }

    /// The place as bytes, unlike any other's: for what a provider binds a wrapped key to.
    pub fn associated_data(&self) -> Vec<u8> {
        let mut data = Vec::with_capacity(64);
        data.extend_from_slice(self.tenant.as_bytes());
        data.extend_from_slice(self.table.as_bytes());
        // Table and column names hold no zero byte, so the parts cannot run into each other.
        data.push(0);
        data.extend_from_slice(self.row.as_bytes());
        data.extend_from_slice(self.column.as_bytes());
        data
    }
}

/// In place of a mark: equal to no value's.
pub(crate) fn random_mark() -> Result<Vec<u8>, SealError> {
    random_key().map(Vec::from)
}

/// The bytes of a new key.
pub(crate) fn random_key() -> Result<[u8; KEY_LENGTH], SealError> {
    let mut bytes = [0; KEY_LENGTH];
    rand::fill(&mut bytes).map_err(|_| SealError::Library)?;
    Ok(bytes)
}

/// The bytes of a key, if they are as many as a key has.
fn whole(bytes: &[u8]) -> Result<[u8; KEY_LENGTH], SealError> {
    bytes.try_into().map_err(|_| SealError::Malformed)
}

/// A key of the hierarchy. Never printed.
pub struct Key {
    id: [u8; KEY_ID_LENGTH],
    cipher: LessSafeKey,
}

impl Key {
    pub fn from_bytes(bytes: &[u8; KEY_LENGTH]) -> Result<Self, SealError> {
        let digest = digest::digest(&digest::SHA256, bytes);
        let mut id = [0; KEY_ID_LENGTH];
        id.copy_from_slice(&digest.as_ref()[..KEY_ID_LENGTH]);
        let cipher = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::Library)?;
        Ok(Self { id, cipher: LessSafeKey::new(cipher) })
    }

    /// A new random key, with its wrapped form for storing.
    pub(crate) fn generate_wrapped(&self, place: Place) -> Result<(Self, Vec<u8>), SealError> {
        let bytes = random_key()?;
        Ok((Self::from_bytes(&bytes)?, self.seal(&bytes, place)?))
    }

    pub(crate) fn unwrap(&self, wrapped: &[u8], place: Place) -> Result<Self, SealError> {
        Self::from_bytes(&whole(&self.open(wrapped, place)?)?)
    }

    pub(crate) fn seal(&self, plain: &[u8], place: Place) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| SealError::Library)?;
        let mut ciphertext = plain.to_vec();
        self.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.associated_data()),
                &mut ciphertext,
            )
            .map_err(|_| SealError::Library)?;
        let mut sealed = Vec::with_capacity(HEADER_LENGTH + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.id);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut ciphertext);
        Ok(sealed)
    }

    /// Whether the value says that this key sealed it.
    fn has_sealed(&self, sealed: &[u8]) -> bool {
        sealed.get(1..=KEY_ID_LENGTH) == Some(&self.id[..])
    }

    pub(crate) fn open(&self, sealed: &[u8], place: Place) -> Result<Vec<u8>, SealError> {
        if sealed.len() < HEADER_LENGTH || sealed[0] != VERSION {
            return Err(SealError::Malformed);
        }
        if !self.has_sealed(sealed) {
            return Err(SealError::OtherKey);
        }
        let nonce = Nonce::try_assume_unique_for_key(&sealed[1 + KEY_ID_LENGTH..HEADER_LENGTH])
            .map_err(|_| SealError::Malformed)?;
        let mut buffer = sealed[HEADER_LENGTH..].to_vec();
        let plain = self
            .cipher
            .open_in_place(nonce, Aad::from(place.associated_data()), &mut buffer)
            .map_err(|_| SealError::Altered)?
            .len();
        buffer.truncate(plain);
        Ok(buffer)
    }
}

/// What a tenant's key is good for. The installation's own has the same uses.
pub(crate) struct TenantKey {
    pub content: Key,
    pub lookup: LookupKey,
}

impl TenantKey {
    pub(crate) fn from_bytes(bytes: &[u8; KEY_LENGTH]) -> Result<Self, SealError> {
        Ok(Self { content: Key::from_bytes(bytes)?, lookup: LookupKey::derive(bytes) })
    }
}

/// Finds a sealed value again: equal values have equal marks, and without the key a mark says nothing about its value.
pub(crate) struct LookupKey(hmac::Key);

impl LookupKey {
    fn derive(bytes: &[u8; KEY_LENGTH]) -> Self {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), b"kuzushi lookup");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// The mark of a value in this column.
    pub(crate) fn mark(&self, table: &'static str, column: &'static str, value: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [table, column] {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
        context.update(value.as_bytes());
        context.sign().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(column: &'static str) -> Place {
        Place::new(Id::from_uuid(Uuid::nil()), "messages", Uuid::max(), column)
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let key = Key::from_bytes(&[7; KEY_LENGTH]).unwrap();
        let sealed = key.seal(b"my mother", place("content")).unwrap();
        assert_eq!(key.open(&sealed, place("content")), Ok(b"my mother".to_vec()));
        assert_eq!(key.open(&sealed, place("details")), Err(SealError::Altered));
        assert_eq!(
            Key::from_bytes(&[8; KEY_LENGTH]).unwrap().open(&sealed, place("content")),
            Err(SealError::OtherKey)
        );
        assert!(!sealed.windows(6).any(|window| window == b"mother"));
    }

    #[test]
    fn a_changed_or_cut_value_is_refused() {
        let key = Key::from_bytes(&[7; KEY_LENGTH]).unwrap();
        let sealed = key.seal(b"my mother", place("content")).unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(key.open(&changed, place("content")).is_err(), "byte {position}");
            assert!(key.open(&sealed[..position], place("content")).is_err(), "cut at {position}");
        }
    }

    #[test]
    fn a_mark_tells_values_columns_and_tenants_apart() {
        let (one, other) = (LookupKey::derive(&[1; KEY_LENGTH]), LookupKey::derive(&[2; KEY_LENGTH]));
        let mark = one.mark("users", "email", "jane@example.org");
        assert_eq!(mark, one.mark("users", "email", "jane@example.org"));
        for different in [
            one.mark("users", "email", "jane@example.com"),
            one.mark("users", "name", "jane@example.org"),
            other.mark("users", "email", "jane@example.org"),
        ] {
            assert_ne!(mark, different);
        }
    }

    #[test]
    fn a_wrapped_key_opens_what_the_key_sealed() {
        let outer = Key::from_bytes(&[1; KEY_LENGTH]).unwrap();
        let (inner, wrapped) = outer.generate_wrapped(place("wrapped_key")).unwrap();
        let sealed = inner.seal(b"words", place("content")).unwrap();
        let again = outer.unwrap(&wrapped, place("wrapped_key")).unwrap();
        assert_eq!(again.open(&sealed, place("content")), Ok(b"words".to_vec()));
    }
}
