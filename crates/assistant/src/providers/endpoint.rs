//! A provider behind its address: how it is asked, how often, and when not.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use kuzushi_domain::config::Provider;
use reqwest::{
    Client, Response, Url,
    header::{
        ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, RETRY_AFTER,
    },
    redirect,
};
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{
    ProviderFailure, anthropic,
    breaker::Breaker,
    exchange::Outgoing,
    openai,
    reading::{Events, Limits, Reading},
};
use crate::answer::ModelChoice;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// Times that a request is sent at most, while nothing of an answer has come.
const ATTEMPTS: u32 = 3;
/// The pause before the second attempt; it doubles, and half of it is chance.
const PAUSE: Duration = Duration::from_millis(400);
/// As much of a refusal's body is read, to find out what it is about.
const LONGEST_REFUSAL: usize = 64 * 1024;
/// How long an idle connection is kept for the next question.
const KEPT_FOR: Duration = Duration::from_secs(55);

/// The version of Anthropic's protocol that is spoken here.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// One provider with its account. Cheap to share: connections are kept and used again.
pub struct Endpoint {
    client: Client,
    url: Url,
    protocol: Protocol,
    breaker: Arc<Breaker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// Whether the length limit goes by the name of OpenAI's newer models.
    ChatCompletions {
        counts_completion_tokens: bool,
    },
    Messages,
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

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str();
        formatter
            .debug_struct("Endpoint")
            .field("protocol", &self.protocol)
            .field("host", &host)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// A server that speaks chat completions: OpenAI, Azure, vLLM, Ollama, llama.cpp. `base_url` is what comes before
    /// `/chat/completions`; a query behind it, such as Azure's `api-version`, is kept. Servers of one's own often need no key.
    pub fn openai(base_url: &str, key: Option<&str>) -> Result<Self, SetupError> {
        let url = with_path(base_url, &["chat", "completions"])?;
        let host = url.host_str().unwrap_or_default();
        let is_azure = host.ends_with(".azure.com")
            || host.ends_with(".azure.us")
            || url.query_pairs().any(|(name, _)| name == "api-version");
        let counts_completion_tokens = is_azure || host.ends_with("openai.com");
        let account = match key {
            Some(key) if is_azure => Some((HeaderName::from_static("api-key"), secret(key)?)),
            Some(key) => Some((AUTHORIZATION, secret(&format!("Bearer {key}"))?)),
            None => None,
        };
        Self::new(url, Protocol::ChatCompletions { counts_completion_tokens }, account)
    }

    /// Anthropic, or a server that speaks its protocol. `base_url` is what comes before `/v1/messages`.
    pub fn anthropic(base_url: &str, key: Option<&str>) -> Result<Self, SetupError> {
        let base_url = base_url.trim().trim_end_matches('/');
        let url = with_path(base_url.strip_suffix("/v1").unwrap_or(base_url), &["v1", "messages"])?;
        let account = key.map(|key| Ok::<_, SetupError>((HeaderName::from_static("x-api-key"), secret(key)?)));
        Self::new(url, Protocol::Messages, account.transpose()?)
    }

    fn new(url: Url, protocol: Protocol, account: Option<(HeaderName, HeaderValue)>) -> Result<Self, SetupError> {
        let mut headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (ACCEPT, HeaderValue::from_static("text/event-stream")),
        ]);
        if protocol == Protocol::Messages {
            headers.insert("anthropic-version", HeaderValue::from_static(ANTHROPIC_VERSION));
        }
        headers.extend(account);
        let client = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("kuzushi/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(KEPT_FOR)
            .tcp_nodelay(true)
            // Patients' words go to the address that the operator named, and nowhere else.
            .redirect(redirect::Policy::none())
            .build()?;
        let provider = match protocol {
            Protocol::ChatCompletions { .. } => Provider::Openai,
            Protocol::Messages => Provider::Anthropic,
        };
        Ok(Self { client, url, protocol, breaker: Breaker::new(provider.as_str()) })
    }

    /// What a config calls it.
    pub fn provider(&self) -> Provider {
        match self.protocol {
            Protocol::ChatCompletions { .. } => Provider::Openai,
            Protocol::Messages => Provider::Anthropic,
        }
    }

    /// Sends a request, again where that may help, until something of an answer has come or the time is over. Returns
    /// the bytes that were sent as well.
    pub(super) async fn ask(
        &self,
        outgoing: &Outgoing,
        model: &ModelChoice,
        limits: Limits,
    ) -> Result<(Reading, usize), ProviderFailure> {
        let body = self.body(outgoing, model);
        let deadline = limits.first_by.min(limits.all_by);
        let mut permit = self.breaker.permit()?;
        let mut attempt = 1;
        loop {
            let Refused { failure, wait } = match timeout_at(deadline, self.send(body.clone())).await {
                Ok(Ok(response)) => {
                    let mut reading = Reading::new(response, self.events(), limits);
                    match reading.wait().await {
                        Ok(()) => {
                            reading.report_to(permit);
                            return Ok((reading, body.len()));
                        }
                        Err(failure) => Refused { failure, wait: Duration::ZERO },
                    }
                }
                Ok(Err(refused)) => refused,
                Err(_) => Refused { failure: ProviderFailure::TimedOut, wait: Duration::ZERO },
            };
            let next = Instant::now().checked_add(pause_before_another(attempt, wait)).filter(|next| *next < deadline);
            let Some(next) = next.filter(|_| failure.is_passing() && attempt < ATTEMPTS) else {
                permit.note_failure(failure, wait);
                return Err(failure);
            };
            sleep_until(next).await;
            attempt += 1;
        }
    }

    fn events(&self) -> Events {
        match self.protocol {
            Protocol::ChatCompletions { .. } => Events::OpenAi(openai::events::Events::default()),
            Protocol::Messages => Events::Anthropic,
        }
    }

    fn body(&self, outgoing: &Outgoing, model: &ModelChoice) -> Bytes {
        match self.protocol {
            Protocol::ChatCompletions { counts_completion_tokens } => {
                json(&openai::ChatRequest::new(outgoing, model, counts_completion_tokens), outgoing.len())
            }
            Protocol::Messages => json(&anthropic::MessagesRequest::new(outgoing, model), outgoing.len()),
        }
    }

    async fn send(&self, body: Bytes) -> Result<Response, Refused> {
        let sent = self.client.post(self.url.clone()).body(body).send().await;
        // The error holds the address and perhaps more: only its kind is kept.
        let response = sent.map_err(|_| Refused { failure: ProviderFailure::Unreachable, wait: Duration::ZERO })?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(Refused::read(response).await)
    }
}

/// The address with these segments behind its path.
fn with_path(base_url: &str, segments: &[&str]) -> Result<Url, SetupError> {
    let mut url = Url::parse(base_url.trim()).map_err(|_| SetupError::BaseUrl)?;
    url.path_segments_mut().map_err(|()| SetupError::BaseUrl)?.pop_if_empty().extend(segments);
    Ok(url)
}

fn secret(value: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::try_from(value)?;
    value.set_sensitive(true);
    Ok(value)
}

fn json(request: &impl Serialize, texts: usize) -> Bytes {
    let mut body = Vec::with_capacity(texts + texts / 8 + 1_024);
    // Texts and numbers: there is nothing in it that JSON cannot say.
    let _ = serde_json::to_writer(&mut body, request);
    body.into()
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
            429 if openai::events::is_about_credit(&beginning(&mut response).await) => ProviderFailure::Account(code),
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

/// At least as long as the provider asks for. Spread, so that those who were refused together do not come back together.
fn pause_before_another(attempt: u32, wait: Duration) -> Duration {
    let least = wait.max(PAUSE * 2_u32.pow(attempt - 1) / 2);
    least.saturating_add(PAUSE.mul_f64(fastrand::f64() * f64::from(attempt) / 2.0))
}
