//! What the assistant is given with a question: the one place where it follows from an app's config, for visitors who ask
//! and for suites of questions alike.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use kuzushi_assistant::{
    AnswerRequest, Earlier, HISTORY_LENGTH, HistoryMessage, Knowledge, ModelChoice, ModelSettings, Privacy,
    tools::Patient,
};
use kuzushi_domain::{
    PatientRecord, Phi,
    config::{AppConfig, ModelFallback, Provider},
};
use kuzushi_store::App;

/// The locale of visitors who name none.
pub const DEFAULT_LOCALE: &str = "en-US";

/// A question, and what was said before it.
pub struct Question {
    pub content: Phi<String>,
    /// How many files came with it.
    pub attached: usize,
    /// Oldest first; of more than the assistant draws on, the newest count.
    pub history: Vec<HistoryMessage>,
    /// What was said before that, as far as it is known already.
    pub earlier: Earlier,
    /// When it is asked.
    pub now: DateTime<Utc>,
    /// The visitor's language tag, where it is known.
    pub locale: Option<String>,
    /// Who asks, where they have signed in.
    pub patient: Option<Patient>,
    /// Where the hospital keeps what it knows of them, where a tool may look.
    pub record: Option<PatientRecord>,
    /// What of it a provider may be sent. [`Privacy::of_nobody`] where no patient wrote it.
    pub privacy: Privacy,
}

/// Everything the answer to a question may draw on.
pub fn answer_request(config: &AppConfig, app: &App, knowledge: Arc<Knowledge>, question: Question) -> AnswerRequest {
    let Question { content, attached, mut history, mut earlier, now, locale, patient, record, privacy } = question;
    // The built-in assistant has no use for what only a model is told.
    let has_model = config.assistant.provider != Provider::Builtin;
    for message in history.drain(..history.len().saturating_sub(HISTORY_LENGTH)).filter(|_| has_model) {
        earlier.add(&message);
    }
    // Where the hospital embeds the app is where a model may send people.
    let sites = app.allowed_origins.iter().filter(|_| has_model).filter_map(|origin| origin.parse().ok());
    AnswerRequest {
        system_prompt: config.system_prompt.clone(),
        provider: config.assistant.provider,
        model: ModelSettings {
            name: config.assistant.model.clone(),
            temperature: config.assistant.temperature,
            max_tokens: config.assistant.max_tokens,
            first_piece_timeout: Duration::from_millis(config.assistant.first_token_timeout_ms),
            silence: Duration::from_millis(config.assistant.idle_timeout_ms),
            ..ModelSettings::default()
        },
        fallbacks: config.assistant.fallbacks.iter().map(fallback).collect(),
        tools: config.assistant.tools.iter().map(|tool| tool.as_str().to_owned()).collect(),
        patient,
        record,
        contact: config.contact.clone(),
        safety: config.safety.clone(),
        sites: sites.collect(),
        token_interval: Duration::from_millis(config.assistant.token_interval_ms),
        history: Arc::new(history),
        earlier: Arc::new(earlier),
        local_time: if has_model { config.contact.local_time(now) } else { None },
        question: content,
        attached,
        locale: locale.unwrap_or_else(|| String::from(DEFAULT_LOCALE)),
        knowledge,
        privacy,
    }
}

fn fallback(fallback: &ModelFallback) -> ModelChoice {
    ModelChoice {
        provider: fallback.provider.into(),
        name: fallback.model.clone(),
        temperature: fallback.temperature,
        max_tokens: fallback.max_tokens,
    }
}
