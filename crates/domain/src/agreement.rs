//! What an organisation has agreed with those who run language models, and about which of their addresses.

use std::{fmt, str::FromStr};

/// Where a provider is reached: its base URL in the one spelling that is compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint(String);

/// Why a text is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("wants the provider's base URL, such as https://api.openai.com/v1, without user, query and fragment")]
pub struct NotAnEndpoint;

impl Endpoint {
    /// Characters at most.
    pub const LONGEST: usize = 500;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Endpoint {
    type Err = NotAnEndpoint;

    fn from_str(text: &str) -> Result<Self, NotAnEndpoint> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(NotAnEndpoint)?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => return Err(NotAnEndpoint),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let authority = authority.to_ascii_lowercase();
        let host = authority.strip_suffix(default_port).unwrap_or(&authority);
        let path = path.trim_end_matches('/');
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"@?#\\".contains(&byte));
        if host.is_empty() || host.starts_with(':') || text.len() > Self::LONGEST || !is_plain(host) || !is_plain(path)
        {
            return Err(NotAnEndpoint);
        }
        let separator = if path.is_empty() { "" } else { "/" };
        Ok(Self(format!("{scheme}://{host}{separator}{path}")))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// In which form patients' words reach a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Modality {
    Text,
    Voice,
}

impl Modality {
    pub const ALL: [Self; 2] = [Self::Text, Self::Voice];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Voice => "voice",
        }
    }
}

/// What allows patients' words to be sent to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementKind {
    /// A business associate agreement with whoever runs it.
    BusinessAssociate,
    /// It runs on the organisation's own machines: no agreement is needed.
    OwnMachines,
}

impl AgreementKind {
    pub const ALL: [Self; 2] = [Self::BusinessAssociate, Self::OwnMachines];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::BusinessAssociate => "baa",
            Self::OwnMachines => "own-machines",
        }
    }
}

/// Why a text is none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("wants one of {0}")]
pub struct UnknownAgreementTerm(&'static str);

impl FromStr for Modality {
    type Err = UnknownAgreementTerm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownAgreementTerm("text, voice"))
    }
}

impl FromStr for AgreementKind {
    type Err = UnknownAgreementTerm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownAgreementTerm("baa, own-machines"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_one_spelling() {
        for (text, expected) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1"),
            (" HTTPS://API.OpenAI.com:443/v1/ ", "https://api.openai.com/v1"),
            ("http://localhost:11434", "http://localhost:11434"),
            ("http://10.0.0.7:80/", "http://10.0.0.7"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().as_str(), expected);
        }
        for text in
            ["", "api.openai.com", "ftp://x", "https://", "https://user@x/v1", "https://x/v1?key=1", "https://:443"]
        {
            assert_eq!(text.parse::<Endpoint>(), Err(NotAnEndpoint), "{text}");
        }
    }

    #[test]
    fn terms_survive_their_own_text() {
        for modality in Modality::ALL {
            assert_eq!(modality.as_str().parse(), Ok(modality));
        }
        for kind in AgreementKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
