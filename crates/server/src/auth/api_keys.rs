//! API keys, `key_<32 hex digits>_<secret>`, and enrolment codes, which start with `stf_`. The first part says whose it is, the second
//! proves that one has it.

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kuzushi_domain::{Id, id::Kind};
use kuzushi_store::SecretHash;

const SECRET_LENGTH: usize = 32;

/// A new key or code: shown to whoever asked for it, once, and kept nowhere.
pub struct GeneratedKey<K: Kind> {
    pub id: Id<K>,
    pub text: String,
    pub secret_hash: SecretHash,
}

#[derive(Debug, thiserror::Error)]
#[error("no random numbers are to be had")]
pub struct NoRandomness;

pub fn generate<K: Kind>() -> Result<GeneratedKey<K>, NoRandomness> {
    generate_for(Id::generate())
}

/// A new secret for what has its identifier already.
pub fn generate_for<K: Kind>(id: Id<K>) -> Result<GeneratedKey<K>, NoRandomness> {
    let mut secret = [0; SECRET_LENGTH];
    rand::fill(&mut secret).map_err(|_| NoRandomness)?;
    let secret = URL_SAFE_NO_PAD.encode(secret);
    Ok(GeneratedKey { id, text: format!("{id}_{secret}"), secret_hash: hash(&secret) })
}

/// A key or code as it was sent, taken apart.
pub struct PresentedKey<'text, K: Kind> {
    pub id: Id<K>,
    secret: &'text str,
}

impl<'text, K: Kind> PresentedKey<'text, K> {
    /// None: it is none at all.
    pub fn parse(text: &'text str) -> Option<Self> {
        // The secret may hold underscores of its own.
        let end = text.match_indices('_').nth(1)?.0;
        Some(Self { id: text[..end].parse().ok()?, secret: &text[end + 1..] })
    }

    pub fn secret_hash(&self) -> SecretHash {
        hash(self.secret)
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
    use kuzushi_domain::id::{ApiKey, StaffMember};

    use super::*;

    #[test]
    fn a_key_opens_with_its_own_secret_only() {
        let (one, other) = (generate::<ApiKey>().unwrap(), generate::<ApiKey>().unwrap());
        let presented = PresentedKey::<ApiKey>::parse(&one.text).unwrap();
        assert_eq!(presented.id, one.id);
        assert!(presented.matches(&one.secret_hash));
        assert!(!presented.matches(&other.secret_hash));
        assert!(!presented.matches(&[]));
        let cut = PresentedKey::<ApiKey>::parse(&one.text[..one.text.len() - 1]).unwrap();
        assert!(!cut.matches(&one.secret_hash));
    }

    #[test]
    fn what_is_no_key_is_not_taken_for_one() {
        for text in ["", "key", "key_", "key_12_secret", "sess_0198a6c2000070008000000000000000_secret", "é_é_é"] {
            assert!(PresentedKey::<ApiKey>::parse(text).is_none(), "{text}");
        }
        let code = generate::<StaffMember>().unwrap().text;
        assert!(PresentedKey::<ApiKey>::parse(&code).is_none());
    }
}
