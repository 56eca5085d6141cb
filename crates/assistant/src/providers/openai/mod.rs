//! A language model behind the chat completions protocol: OpenAI, Azure, vLLM, Ollama, llama.cpp, by its base URL.

mod reading;
mod wire;

use std::{fmt, time::Duration};

use bytes::Bytes;
use reqwest::{
    Client, Response, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, InvalidHeaderValue, RETRY_AFTER},
    redirect,
};
use tokio::time::{Instant, sleep_until, timeout_at};

pub use reading::Reading;
pub use wire::{ChatMessage, ChatRequest, ChatRole};

use super::ProviderFailure;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// Times that a request is sent at most, while nothing of an answer has come.
const ATTEMPTS: u32 = 3;
/// The pause before the second attempt; it doubles, and half of it is chance.
const PAUSE: Duration = Duration::from_millis(400);
/// As much of a refusal's body is read, to find out what it is about.
const LONGEST_REFUSAL: usize = 64 * 1024;
/// How long an idle connection is kept for the next question.
const KEPT_FOR: Duration = Duration::from_secs(55);

/// One provider with its account. Cheap to share: connections are kept and used again.
pub struct OpenAi {
    client: Client,
    completions: Url,
    /// Whether the length limit goes by the name of OpenAI's newer models.
    counts_completion_tokens: bool,
}

/// Why a provider cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("the key holds characters that cannot be sent")]
    Key(#[from] InvalidHeaderValue),
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    #[error("the base URL takes no path")]
    BaseUrl,
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OpenAi").field("host", &self.completions.host_str()).finish_non_exhaustive()
    }
}

impl OpenAi {
    /// `base_url` is what comes before `/chat/completions`. Servers of one's own often need no key.
    pub fn new(base_url: &str, key: Option<&str>) -> Result<Self, SetupError> {
        let mut completions = Url::parse(base_url.trim()).map_err(|_| SetupError::BaseUrl)?;
        completions
            .path_segments_mut()
            .map_err(|()| SetupError::BaseUrl)?
            .pop_if_empty()
            .extend(["chat", "completions"]);
        let mut headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (ACCEPT, HeaderValue::from_static("text/event-stream")),
        ]);
        if let Some(key) = key {
            let mut bearer = HeaderValue::try_from(format!("Bearer {key}"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let client = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("kuzushi/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(KEPT_FOR)
            .tcp_nodelay(true)
            // Patients' words go to the address that the operator named, and nowhere else.
            .redirect(redirect::Policy::none())
            .build()?;
        let host = completions.host_str().unwrap_or_default();
        let counts_completion_tokens = ["openai.com", "azure.com"].iter().any(|domain| host.ends_with(domain));
        Ok(Self { client, completions, counts_completion_tokens })
    }

    /// Sends a request, again where that may help, until an answer begins to stream or the time is over.
    pub async fn ask(&self, request: ChatRequest<'_>, deadline: Instant) -> Result<Reading, ProviderFailure> {
        let body = self.body(request);
        let mut attempt = 1;
        loop {
            let refused = match timeout_at(deadline, self.send(body.clone())).await {
                Ok(Ok(response)) => return Ok(Reading::new(response)),
                Ok(Err(refused)) => refused,
                Err(_) => return Err(ProviderFailure::TimedOut),
            };
            let pause = pause_before_another(attempt).max(refused.wait);
            let next = Instant::now().checked_add(pause).filter(|next| *next < deadline);
            let Some(next) = next.filter(|_| refused.failure.is_passing() && attempt < ATTEMPTS) else {
                return Err(refused.failure);
            };
            sleep_until(next).await;
            attempt += 1;
        }
    }

    fn body(&self, mut request: ChatRequest<'_>) -> Bytes {
        if self.counts_completion_tokens {
            request.max_completion_tokens = request.max_tokens.take();
        }
        let texts: usize = request.messages.iter().map(|message| message.content.len()).sum();
        let mut body = Vec::with_capacity(texts + texts / 8 + 1_024);
        // Texts and numbers: there is nothing in it that JSON cannot say.
        let _ = serde_json::to_writer(&mut body, &request);
        body.into()
    }

    async fn send(&self, body: Bytes) -> Result<Response, Refused> {
        let sent = self.client.post(self.completions.clone()).body(body).send().await;
        // The error holds the address and perhaps more: only its kind is kept.
        let response = sent.map_err(|_| Refused { failure: ProviderFailure::Unreachable, wait: Duration::ZERO })?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(Refused::read(response).await)
    }
}

/// A request that was not taken.
struct Refused {
    failure: ProviderFailure,
    /// How long the provider wants to be left alone.
    wait: Duration,
}

impl Refused {
    async fn read(mut response: Response) -> Self {
        let code = response.status().as_u16();
        let wait = retry_after(response.headers());
        let failure = match code {
            401..=403 => ProviderFailure::Account(code),
            429 if wire::is_about_credit(&beginning(&mut response).await) => ProviderFailure::Account(code),
            429 | 503 | 529 => ProviderFailure::Busy(code),
            _ => ProviderFailure::Refused(code),
        };
        Self { failure, wait }
    }
}

/// The seconds that `Retry-After` asks for. A date is further off than anybody would wait.
fn retry_after(headers: &HeaderMap) -> Duration {
    match headers.get(RETRY_AFTER).map(|value| value.to_str().unwrap_or_default().trim()) {
        None => Duration::ZERO,
        Some(seconds) => seconds.parse().map_or(Duration::MAX, Duration::from_secs),
    }
}

async fn beginning(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < LONGEST_REFUSAL
        && let Ok(Some(bytes)) = response.chunk().await
    {
        body.extend_from_slice(&bytes);
    }
    body
}

/// Spread, so that those who were refused together do not come back together.
fn pause_before_another(attempt: u32) -> Duration {
    PAUSE * 2_u32.pow(attempt - 1) / 2 + PAUSE.mul_f64(fastrand::f64() * f64::from(attempt) / 2.0)
}
