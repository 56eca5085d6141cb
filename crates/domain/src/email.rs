//! E-mail addresses as names of accounts.

use std::str::FromStr;

use crate::Phi;

/// Characters that an address may have (RFC 5321, 4.5.3.1.3, less its angle brackets).
const LONGEST: usize = 254;
/// Bytes that the part before the `@` may have.
const LONGEST_LOCAL_PART: usize = 64;

/// An address in the one spelling under which its account is known: without space around it, in small letters. Whom it
/// belongs to is nobody's business, so it is not printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(Phi<String>);

/// The text is no e-mail address. It is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, such as jane@example.org")]
pub struct NoEmailAddress;

impl EmailAddress {
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub fn as_phi(&self) -> &Phi<String> {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = NoEmailAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.trim().to_lowercase();
        let (local, domain) = address.rsplit_once('@').ok_or(NoEmailAddress)?;
        let is_printable =
            |part: &str| !part.chars().any(|character| character.is_whitespace() || character.is_control());
        let is_local = !local.is_empty() && local.len() <= LONGEST_LOCAL_PART && !local.contains('@');
        let is_domain = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
        if address.len() <= LONGEST && is_local && is_domain && is_printable(&address) {
            Ok(Self(Phi::new(address)))
        } else {
            Err(NoEmailAddress)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one_address() {
        let one: EmailAddress = " Jane.Doe@Example.ORG ".parse().unwrap();
        assert_eq!(one.expose(), "jane.doe@example.org");
        assert_eq!(Ok(one.clone()), "jane.doe@example.org".parse());
        assert!(!format!("{one:?}").contains("jane"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(LONGEST_LOCAL_PART + 1));
        for text in
            ["", "jane", "@example.org", "jane@", "jane@example", "a@b@c.org", "ja ne@a.org", "jane@a..org", &long]
        {
            assert_eq!(text.parse::<EmailAddress>(), Err(NoEmailAddress), "{text}");
        }
    }
}
