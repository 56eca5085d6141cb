use axum::http::Uri;
use kuzushi_assistant::{Assistant, OpenAi, SetupError};

use super::value::{Secret, Unusable};

/// Where OpenAI's own models are.
const OPENAI: &str = "https://api.openai.com/v1";

/// Language models that apps may use. What patients write is sent to them, by apps whose config says so.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Providers {
    /// The key for apps whose provider is `openai`.
    #[config(env = "OPENAI_API_KEY")]
    pub openai_api_key: Option<Secret<String>>,
    /// What comes before `/chat/completions`: OpenAI's own address unless set, or that of any server that speaks the same
    /// protocol (Azure, vLLM, Ollama, llama.cpp). Those of one's own often need no key.
    #[config(env = "OPENAI_BASE_URL", parse_env = base_url)]
    pub openai_base_url: Option<String>,
}

impl Providers {
    pub(super) fn check(&self) -> Result<(), Unusable> {
        self.openai_base_url.as_deref().map_or(Ok(()), |url| base_url(url).map(drop))
    }

    /// Those who can answer with these settings.
    pub fn assistant(&self) -> Result<Assistant, SetupError> {
        let key = self.openai_api_key.as_ref().map(|key| key.expose().as_str()).filter(|key| !key.trim().is_empty());
        if key.is_none() && self.openai_base_url.is_none() {
            return Ok(Assistant::default());
        }
        let base_url = self.openai_base_url.as_deref().unwrap_or(OPENAI);
        Ok(Assistant::default().with_openai(OpenAi::new(base_url, key)?))
    }
}

fn base_url(text: &str) -> Result<String, Unusable> {
    let usable =
        text.parse().is_ok_and(|uri: Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
    if usable {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(Unusable::new(text, "an address such as https://api.openai.com/v1 or http://localhost:11434/v1"))
    }
}
