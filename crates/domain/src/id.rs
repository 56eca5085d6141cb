//! Identifiers: a UUID inside, a prefix that says what it names outside (`sess_0198…`).

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use uuid::Uuid;

/// What an [`Id`] names. Implemented by the marker types in this module.
pub trait Kind: 'static {
    /// The prefix without its underscore, as the outside world sees it.
    const PREFIX: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $name {}
            impl Kind for $name {
                const PREFIX: &'static str = $prefix;
            }
        )*
    };
}

kinds! {
    /// An organisation: a hospital or a hospital group.
    Tenant = "ten";
    /// A product of a tenant that has a widget of its own.
    App = "app";
    /// One version of an app's configuration.
    Config = "cfg";
    /// A conversation between a visitor and an app.
    Session = "sess";
    /// A message the server wrote.
    Message = "msg";
    /// A call: a visitor talks with the assistant.
    Call = "call";
    /// A file that a visitor sent.
    File = "file";
    /// The work of answering one message.
    Turn = "turn";
    /// A running server process.
    Node = "node";
    /// A knowledge article.
    Article = "art";
    /// A patient who can sign in.
    User = "usr";
    /// A patient's being signed in, from one browser.
    Login = "login";
    /// A key to the administration API.
    ApiKey = "key";
    /// A person who uses the administration.
    StaffMember = "stf";
    /// Such a person's being signed in.
    StaffLogin = "slogin";
    /// Leave to read patients' words for a while, for a stated reason.
    AccessGrant = "grant";
    /// A change that a second person has to approve.
    ApprovalRequest = "req";
    /// A version of a suite of questions.
    Suite = "suite";
    /// A suite that was asked of a config version.
    Evaluation = "eval";
    /// What was agreed with a provider of language models.
    Agreement = "agr";
    /// What must not be erased while a matter is open.
    LegalHold = "hold";
    /// A topic that patients ask about and no article covers.
    Gap = "gap";
}

/// An identifier of one kind of thing: 128 bits, UUIDv7, shown as `<prefix>_<32 hex digits>`.
pub struct Id<K: Kind> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Id<K> {
    /// A fresh, time-ordered identifier with 74 random bits.
    pub fn generate() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    pub fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    pub fn uuid(&self) -> Uuid {
        self.uuid
    }
}

/// Why a text is not an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an identifier that starts with `{expected}_` and goes on with 32 hexadecimal digits")]
pub struct IdError {
    pub expected: &'static str,
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = IdError { expected: K::PREFIX };
        let digits = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(error)?;
        // One spelling for each identifier: `Uuid` alone would also take hyphens, braces and capitals.
        let canonical = digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return Err(error);
        }
        Uuid::try_parse(digits).map(Self::from_uuid).map_err(|_| error)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}_{}", K::PREFIX, self.uuid.simple())
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

// Derived impls would ask the same of `K`, which is only a marker.
impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Kind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K: Kind> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_survives_its_own_text() {
        let id = Id::<Session>::generate();
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn another_kind_or_another_spelling_is_refused() {
        let id = Id::<Session>::generate().to_string();
        assert!(id.parse::<Id<Tenant>>().is_err());
        assert!(id.to_uppercase().parse::<Id<Session>>().is_err());
        for text in ["", "sess", "sess_", "sess_zz", "sess_0198a6c2-0000-7000-8000-000000000000", "sess_é"] {
            assert_eq!(text.parse::<Id<Session>>(), Err(IdError { expected: "sess" }), "{text}");
        }
    }
}
