use anyhow::Context;
use axum::http::Uri;
use kuzushi_assistant::{Assistant, Endpoint};
use kuzushi_domain::{agreement, config::Provider};

use super::{
    prices::Prices,
    value::{Secret, Unusable},
};

/// Where OpenAI's own models are.
const OPENAI: &str = "https://api.openai.com/v1";
/// Where Anthropic's are.
const ANTHROPIC: &str = "https://api.anthropic.com";

/// Language models that apps may use. What patients write is sent to them, by apps whose config says so.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Providers {
    /// The key for apps whose provider is `openai`.
    #[config(env = "OPENAI_API_KEY")]
    pub openai_api_key: Option<Secret<String>>,
    /// What comes before `/chat/completions`: OpenAI's own address unless set, or that of any server that speaks the same
    /// protocol (Azure, with its `?api-version=`; vLLM, Ollama, llama.cpp). Those of one's own often need no key.
    #[config(env = "OPENAI_BASE_URL", parse_env = base_url)]
    pub openai_base_url: Option<String>,
    /// The key for apps whose provider is `anthropic`.
    #[config(env = "ANTHROPIC_API_KEY")]
    pub anthropic_api_key: Option<Secret<String>>,
    /// What comes before `/v1/messages`: Anthropic's own address unless set.
    #[config(env = "ANTHROPIC_BASE_URL", parse_env = base_url)]
    pub anthropic_base_url: Option<String>,
    /// What models cost, for limits of money and for the record: `provider/model=read/written` for a million tokens each, in one
    /// currency, joined by commas, such as `openai/gpt-5=1.25/10`. `provider/*` stands for every other model. Of models without
    /// a price tokens alone are counted.
    #[config(env = "MODEL_PRICES", parse_env = prices)]
    pub model_prices: Option<Prices>,
}

impl Providers {
    pub(super) fn check(&self) -> Result<(), Unusable> {
        let set = [&self.openai_base_url, &self.anthropic_base_url].into_iter().flatten();
        set.map(|url| base_url(url)).try_for_each(|checked| checked.map(drop))
    }

    /// Where a provider is reached, in the spelling that agreements have. None: it is not set up.
    pub fn endpoint(&self, provider: Provider) -> Option<agreement::Endpoint> {
        let (base_url, _) = match provider {
            Provider::Builtin => None,
            Provider::Openai => account(self.openai_base_url.as_ref(), self.openai_api_key.as_ref(), OPENAI),
            Provider::Anthropic => {
                account(self.anthropic_base_url.as_ref(), self.anthropic_api_key.as_ref(), ANTHROPIC)
            }
        }?;
        base_url.split(['?', '#']).next()?.parse().ok()
    }

    /// Where OpenAI is reached, and the key. None: it is not set up.
    pub fn openai(&self) -> Option<(&str, Option<&str>)> {
        account(self.openai_base_url.as_ref(), self.openai_api_key.as_ref(), OPENAI)
    }

    /// What so many tokens cost, in millionths of the currency. None: the model has no price.
    pub fn micros(&self, provider: &str, model: &str, input_tokens: i64, output_tokens: i64) -> Option<i64> {
        self.model_prices.as_ref()?.micros(provider, model, input_tokens, output_tokens)
    }

    /// Those who can answer with these settings. A provider is set up by its key or by its address.
    pub fn assistant(&self) -> anyhow::Result<Assistant> {
        let mut assistant = Assistant::default();
        if let Some((base_url, key)) = account(self.openai_base_url.as_ref(), self.openai_api_key.as_ref(), OPENAI) {
            let endpoint = Endpoint::openai(base_url, key).context("OPENAI_API_KEY and OPENAI_BASE_URL")?;
            assistant = assistant.with_provider(endpoint);
        }
        let anthropic = account(self.anthropic_base_url.as_ref(), self.anthropic_api_key.as_ref(), ANTHROPIC);
        if let Some((base_url, key)) = anthropic {
            let endpoint = Endpoint::anthropic(base_url, key).context("ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL")?;
            assistant = assistant.with_provider(endpoint);
        }
        Ok(assistant)
    }
}

/// A provider's address and key. None: nothing is set.
fn account<'a>(
    base_url: Option<&'a String>,
    key: Option<&'a Secret<String>>,
    own: &'a str,
) -> Option<(&'a str, Option<&'a str>)> {
    let key = key.map(|key| key.expose().as_str()).filter(|key| !key.trim().is_empty());
    match (base_url, key) {
        (None, None) => None,
        (base_url, key) => Some((base_url.map_or(own, String::as_str), key)),
    }
}

fn prices(text: &str) -> Result<Prices, Unusable> {
    text.parse()
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
