//! Who is asked before a request leaves for a provider, and told afterwards what it took.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;
use kuzushi_domain::config::Provider;

use crate::providers::ProviderFailure;

/// Bytes of a text to a token, about, where a provider does not count.
const BYTES_PER_TOKEN: u64 = 4;
/// Tokens that an answer is taken to have at most where the config does not say.
const USUAL_MOST: u64 = 1_024;

/// Says whether a request may leave. It is asked for each request anew, so that what is withdrawn holds from the next one on.
pub trait ModelGate: Send + Sync {
    /// An error keeps the request here: the next in the chain answers, at last the built-in assistant.
    fn admit<'a>(&'a self, asked: AskedModel<'a>) -> BoxFuture<'a, Result<Box<dyn Permit>, ProviderFailure>>;
}

/// What a request is for, and what it may take at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedModel<'a> {
    pub provider: Provider,
    /// The provider's name for it.
    pub model: &'a str,
    /// An estimate.
    pub input_tokens: u64,
    /// At most.
    pub output_tokens: u64,
}

/// Leave for one request.
pub trait Permit: Send + Sync {
    /// What it took. Called once. None: nothing has left.
    fn settle(self: Box<Self>, took: Option<Took>);
}

/// Tokens that a request took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Took {
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Whether they were counted here, by the length of the texts, and not by the provider.
    pub is_estimate: bool,
}

/// Who says whether a conversation's requests may leave.
#[derive(Clone)]
pub enum Gate {
    /// Nobody has to be asked: what is sent is no patient's.
    Open,
    Asks(Arc<dyn ModelGate>),
}

impl fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Open => "Open",
            Self::Asks(_) => "Asks",
        })
    }
}

impl Gate {
    /// Asks for leave for a request of these bytes. Hold on to what is returned as long as the request runs.
    pub(crate) async fn admit(
        &self,
        provider: Provider,
        model: &str,
        bytes: usize,
        max_tokens: Option<u32>,
    ) -> Result<Admitted, ProviderFailure> {
        let input_tokens = (bytes as u64).div_ceil(BYTES_PER_TOKEN);
        let permit = match self {
            Self::Open => None,
            Self::Asks(gate) => {
                let output_tokens = max_tokens.map_or(USUAL_MOST, u64::from);
                Some(gate.admit(AskedModel { provider, model, input_tokens, output_tokens }).await?)
            }
        };
        let took = Some(Took { input_tokens, output_tokens: 0, is_estimate: true });
        Ok(Admitted { permit, took })
    }
}

/// A request that has leave, until it is over. Unless somebody says better it took its own text.
pub(crate) struct Admitted {
    permit: Option<Box<dyn Permit>>,
    took: Option<Took>,
}

impl Admitted {
    /// Says what it took.
    pub fn took(&mut self, took: Took) {
        self.took = Some(took);
    }

    /// Says that nothing has left.
    pub fn is_void(&mut self) {
        self.took = None;
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.settle(self.took);
        }
    }
}
