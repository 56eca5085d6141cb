//! OpenAI Realtime: the browser's sound goes there, and is answered there. This server sets the call up, listens to what is made
//! of it over a second connection (<https://platform.openai.com/docs/guides/realtime-server-controls>), and hangs up.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use kuzushi_domain::{CallOutcome, Phi, config::Voice};
use reqwest::{
    Client, StatusCode,
    header::{AUTHORIZATION, LOCATION},
    multipart::{Form, Part},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use super::{
    external::{Socket, open},
    frames::{CallState, TranscriptRole, VoiceClientFrame, VoiceServerFrame},
    provider::{ProviderCall, ServedCall, VoiceProvider},
    transcripts::Transcripts,
};

/// How long OpenAI may take to answer an offer, and to let us listen.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may take to hang up.
const HANG_UP_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a notice is said again that somebody broke in on.
const MOST_REPEATS: u32 = 3;
/// What makes text of what patients say.
const TRANSCRIBER: &str = "gpt-4o-mini-transcribe";

pub struct OpenAiVoice {
    base_url: String,
    key: Option<Phi<String>>,
    model: String,
    voice: String,
}

impl OpenAiVoice {
    pub fn new(base_url: &str, key: Option<&str>, config: &Voice) -> Self {
        Self {
            base_url: base_url.to_owned(),
            key: key.map(Phi::from),
            model: config.model.clone(),
            voice: config.voice.clone(),
        }
    }
}

impl VoiceProvider for OpenAiVoice {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn serve(&self, call: ProviderCall) -> BoxFuture<'static, ServedCall> {
        let account = Account {
            http: Client::new(),
            base_url: self.base_url.clone(),
            key: self.key.clone(),
            model: self.model.clone(),
            voice: self.voice.clone(),
        };
        Box::pin(async move { serve(account, call).await.into() })
    }
}

struct Account {
    http: Client,
    base_url: String,
    key: Option<Phi<String>>,
    model: String,
    voice: String,
}

/// A call that OpenAI has taken.
struct Taken {
    /// Their name for it.
    name: String,
    answer: String,
}

async fn serve(account: Account, mut call: ProviderCall) -> CallOutcome {
    let id = call.id;
    let Some(VoiceClientFrame::Offer { sdp, .. }) = call.from_client.recv().await else { return CallOutcome::HungUp };
    let instructions = call.party.config.system_prompt.clone();
    let taken = match timeout(ANSWER_TIMEOUT, account.begin(sdp.sdp, &instructions)).await {
        Ok(Ok(taken)) => taken,
        Ok(Err(reason)) => return failed(&call, reason).await,
        Err(_) => return failed(&call, "it gives no answer").await,
    };
    // Before the patient can say anything: what cannot be watched over does not take place.
    let socket = match timeout(ANSWER_TIMEOUT, account.listen(&taken.name)).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(_)) | Err(_) => {
            account.hang_up(&taken.name).await;
            return failed(&call, "it does not let us listen").await;
        }
    };
    let _ = call.to_client.send(VoiceServerFrame::answer(taken.answer).bytes()).await;
    let transcripts = Transcripts::new(id, Arc::clone(&call.party));
    let mut watched = Watched {
        call,
        socket,
        transcripts,
        saying: String::new(),
        to_say: VecDeque::new(),
        said_now: None,
        is_responding: false,
    };
    let outcome = watched.run().await;
    account.hang_up(&taken.name).await;
    match outcome {
        Ok(outcome) => outcome,
        Err(reason) => failed(&watched.call, reason).await,
    }
}

async fn failed(call: &ProviderCall, reason: &'static str) -> CallOutcome {
    tracing::warn!(call = %call.id, reason, "OpenAI Realtime failed");
    let message = "the call was cut off; please try again, or type your question";
    let _ = call.to_client.send(VoiceServerFrame::error("PROVIDER_FAILED", message).bytes()).await;
    CallOutcome::ProviderFailed
}

impl Account {
    /// Hands a browser's offer over.
    async fn begin(&self, offer: String, instructions: &str) -> Result<Taken, &'static str> {
        let session = json!({
            "type": "realtime",
            "model": self.model,
            "instructions": instructions,
            "audio": {
                "input": {"transcription": {"model": TRANSCRIBER}},
                "output": {"voice": self.voice},
            },
        });
        let part = |text: String, kind: &str| Part::text(text).mime_str(kind).map_err(|_| "it cannot be asked");
        let form = Form::new()
            .part("sdp", part(offer, "application/sdp")?)
            .part("session", part(session.to_string(), "application/json")?);
        let mut request = self.http.post(format!("{}/realtime/calls", self.base_url)).multipart(form);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        let response = request.send().await.map_err(|_| "it cannot be reached")?;
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err("it does not take OPENAI_API_KEY"),
            StatusCode::TOO_MANY_REQUESTS => return Err("it takes no more calls at the moment"),
            status if !status.is_success() => return Err("it refuses the call"),
            _ => {}
        }
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok()).map(str::to_owned);
        let name = location.and_then(|location| location.rsplit('/').next().map(str::to_owned));
        let name = name.filter(|name| is_name(name)).ok_or("it does not say what it calls the call")?;
        let answer = response.text().await.map_err(|_| "its answer broke off")?;
        Ok(Taken { name, answer })
    }

    /// Opens the connection over which everything is told that happens in a call.
    async fn listen(&self, name: &str) -> Result<Socket, String> {
        let url = format!("{}/realtime?call_id={name}", self.base_url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().map_err(|_| String::from("the address"))?;
        if let Some(key) = &self.key {
            let bearer = format!("Bearer {}", key.expose()).parse().map_err(|_| String::from("the key"))?;
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        open(request).await
    }

    async fn hang_up(&self, name: &str) {
        let mut request = self.http.post(format!("{}/realtime/calls/{name}/hangup", self.base_url));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        if !matches!(timeout(HANG_UP_TIMEOUT, request.send()).await, Ok(Ok(_))) {
            tracing::debug!("OpenAI Realtime did not say that it hung up");
        }
    }
}

/// Whether a text can be a name in an address.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// A call that goes on at OpenAI.
struct Watched {
    call: ProviderCall,
    socket: Socket,
    transcripts: Transcripts,
    /// What is being said, as far as it was told.
    saying: String,
    /// What is to be said word for word: there is one response at a time.
    to_say: VecDeque<ToSay>,
    /// What of it is being said.
    said_now: Option<ToSay>,
    /// Whether a response is being made, as far as it was told.
    is_responding: bool,
}

/// Something that is to be said as it is.
struct ToSay {
    text: Phi<String>,
    /// How often it may be said again where somebody breaks in on it.
    repeats: u32,
}

/// An event, as far as it matters.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    transcript: Option<String>,
    #[serde(default)]
    delta: Option<String>,
    #[serde(default)]
    response: Option<Response>,
    #[serde(default)]
    error: Option<EventError>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    status: Option<String>,
}

/// A stable name alone: the message may repeat what was said.
#[derive(Deserialize)]
struct EventError {
    #[serde(default)]
    code: Option<String>,
}

impl Watched {
    async fn run(&mut self) -> Result<CallOutcome, &'static str> {
        let disclosure = Phi::new(self.call.party.disclosure_text());
        self.have_said(ToSay { text: disclosure, repeats: 0 }).await?;
        loop {
            tokio::select! {
                () = self.call.hang_up.cancelled() => return Ok(CallOutcome::HungUp),
                frame = self.call.from_client.recv() => match frame {
                    None | Some(VoiceClientFrame::End) => return Ok(CallOutcome::HungUp),
                    // The answer held all of OpenAI's own; it asks for none of the browser's.
                    Some(VoiceClientFrame::IceCandidate { .. }) => {}
                    Some(VoiceClientFrame::Offer { .. }) => {
                        let message = "sdp: this call cannot go on after a change of network; begin another";
                        let _ = self.call.to_client.send(VoiceServerFrame::error("NOT_ALLOWED", message).bytes()).await;
                    }
                },
                message = self.socket.next() => match message {
                    None | Some(Ok(Message::Close(_))) => return Ok(CallOutcome::ProviderHungUp),
                    Some(Err(_)) => return Err("the connection broke"),
                    Some(Ok(Message::Text(text))) => self.on_event(&text).await?,
                    Some(Ok(_)) => {}
                },
            }
        }
    }

    async fn on_event(&mut self, text: &str) -> Result<(), &'static str> {
        // There are more kinds of events than are of use here, and new ones come.
        let Ok(event) = serde_json::from_str::<Event>(text) else { return Ok(()) };
        match (event.kind.as_str(), event.transcript, event.delta) {
            ("conversation.item.input_audio_transcription.completed", Some(said), _) => {
                self.told(TranscriptRole::User, &said, true).await;
                if let Some(text) = self.transcripts.take_in(TranscriptRole::User, &said).await {
                    self.to_say.push_front(ToSay { text, repeats: MOST_REPEATS });
                    if self.is_responding {
                        self.send(json!({"type": "response.cancel"})).await?;
                    }
                    self.send(json!({"type": "output_audio_buffer.clear"})).await?;
                    self.say_next().await?;
                }
            }
            // The names without `output` are those of servers that speak the protocol as it was before it was final.
            ("response.output_audio_transcript.delta" | "response.audio_transcript.delta", _, Some(delta)) => {
                self.saying.push_str(&delta);
                let saying = self.saying.clone();
                self.told(TranscriptRole::Assistant, &saying, false).await;
            }
            ("response.output_audio_transcript.done" | "response.audio_transcript.done", Some(said), _) => {
                self.saying.clear();
                self.told(TranscriptRole::Assistant, &said, true).await;
                self.transcripts.take_in(TranscriptRole::Assistant, &said).await;
            }
            ("response.created", ..) => self.is_responding = true,
            ("response.done", ..) => {
                self.is_responding = false;
                let was_cut_off = event.response.and_then(|response| response.status).as_deref() == Some("cancelled");
                if let Some(ToSay { text, repeats }) = self.said_now.take()
                    && was_cut_off
                    && repeats > 0
                {
                    self.to_say.push_front(ToSay { text, repeats: repeats - 1 });
                }
                self.say_next().await?;
            }
            (
                "input_audio_buffer.speech_started" | "output_audio_buffer.stopped" | "output_audio_buffer.cleared",
                ..,
            ) => {
                self.state(CallState::Listening).await;
            }
            ("input_audio_buffer.speech_stopped", ..) => self.state(CallState::Thinking).await,
            ("output_audio_buffer.started", ..) => self.state(CallState::Speaking).await,
            ("error", ..) => self.on_error(event.error.and_then(|error| error.code)).await?,
            _ => {}
        }
        Ok(())
    }

    /// Something that we sent was not taken. The call goes on; where it does not, the connection ends.
    async fn on_error(&mut self, code: Option<String>) -> Result<(), &'static str> {
        let code = code.filter(|code| is_name(code)).unwrap_or_default();
        tracing::warn!(call = %self.call.id, code, "OpenAI Realtime reports an error");
        match code.as_str() {
            // Whatever is being said is over soon, and then it is our turn.
            "conversation_already_has_active_response" => {
                self.is_responding = true;
                if let Some(refused) = self.said_now.take() {
                    self.to_say.push_front(refused);
                }
            }
            "response_cancel_not_active" => {
                self.is_responding = false;
                self.say_next().await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Has OpenAI's voice say this, as soon as nothing else is being said.
    async fn have_said(&mut self, what: ToSay) -> Result<(), &'static str> {
        self.to_say.push_back(what);
        self.say_next().await
    }

    async fn say_next(&mut self) -> Result<(), &'static str> {
        if self.is_responding {
            return Ok(());
        }
        let Some(next) = self.to_say.pop_front() else { return Ok(()) };
        let instructions = format!("Say exactly this, and nothing else: {}", next.text.expose());
        self.said_now = Some(next);
        self.is_responding = true;
        self.send(json!({"type": "response.create", "response": {"instructions": instructions}})).await
    }

    async fn told(&self, role: TranscriptRole, text: &str, is_final: bool) {
        let frame = VoiceServerFrame::Transcript { role, text: text.to_owned(), is_final };
        let _ = self.call.to_client.send(frame.bytes()).await;
    }

    async fn state(&self, state: CallState) {
        let _ = self.call.to_client.send(VoiceServerFrame::State { state }.bytes()).await;
    }

    async fn send(&mut self, event: Value) -> Result<(), &'static str> {
        let sent = timeout(HANG_UP_TIMEOUT, self.socket.send(Message::text(event.to_string()))).await;
        sent.map_err(|_| "it takes nothing")?.map_err(|_| "the connection broke")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_call_cannot_lead_elsewhere() {
        assert!(is_name("rtc_u0_9c6574da8b8a41a18da9308f4ad974ce"));
        for text in ["", "..", "a/b", "a?b", "a#b", "a b"] {
            assert!(!is_name(text), "{text}");
        }
    }
}
