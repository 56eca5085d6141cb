//! API keys: `key_<32 hex digits>_<secret>`. The first part finds the key, the second proves that one has it.

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kuzushi_domain::{Id, id};
use kuzushi_store::SecretHash;

const SECRET_LENGTH: usize = 32;

/// A new key: shown to whoever asked for it, once, and kept nowhere.
pub struct GeneratedKey {
    pub id: Id<id::ApiKey>,
    pub text: String,
    pub secret_hash: SecretHash,
}

#[derive(Debug, thiserror::Error)]
#[error("no random numbers are to be had")]
pub struct NoRandomness;

pub fn generate() -> Result<GeneratedKey, NoRandomness> {
    let mut secret = [0; SECRET_LENGTH];
    rand::fill(&mut secret).map_err(|_| NoRandomness)?;
    let id = Id::generate();
    let secret = URL_SAFE_NO_PAD.encode(secret);
    Ok(GeneratedKey { id, text: format!("{id}_{secret}"), secret_hash: hash(&secret) })
}

/// A key as it was sent, taken apart.
pub struct PresentedKey<'text> {
    pub id: Id<id::ApiKey>,
    secret: &'text str,
}

impl<'text> PresentedKey<'text> {
    /// None: it is no key at all.
    pub fn parse(text: &'text str) -> Option<Self> {
        // The secret may hold underscores of its own.
        let end = text.match_indices('_').nth(1)?.0;
        Some(Self { id: text[..end].parse().ok()?, secret: &text[end + 1..] })
    }

    pub fn matches(&self, secret_hash: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&hash(self.secret), secret_hash).is_ok()
    }
}

fn hash(secret: &str) -> SecretHash {
    let mut hash = SecretHash::default();
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_with_its_own_secret_only() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        let presented = PresentedKey::parse(&one.text).unwrap();
        assert_eq!(presented.id, one.id);
        assert!(presented.matches(&one.secret_hash));
        assert!(!presented.matches(&other.secret_hash));
        assert!(!presented.matches(&[]));
        let cut = PresentedKey::parse(&one.text[..one.text.len() - 1]).unwrap();
        assert!(!cut.matches(&one.secret_hash));
    }

    #[test]
    fn what_is_no_key_is_not_taken_for_one() {
        for text in ["", "key", "key_", "key_12_secret", "sess_0198a6c2000070008000000000000000_secret", "é_é_é"] {
            assert!(PresentedKey::parse(text).is_none(), "{text}");
        }
    }
}
