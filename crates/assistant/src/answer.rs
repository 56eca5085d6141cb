//! The one way to ask for an answer, whoever gives it.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream::BoxStream};
use kuzushi_domain::{
    AnswerOutcome, Citation, PatientRecord, Phi, Role,
    config::{Contact, Provider, Safety},
    origin::OriginPattern,
};

use crate::{
    gate::Gate,
    knowledge::{Candidate, Knowledge},
    providers::{self, Endpoint, ProviderFailure},
    recent::Recent,
    redact::{self, KnownPatient, Placeholders},
    safety::AnswerGuard,
    summary::Earlier,
    tools::{self, Patient, Tool},
};

/// A question with everything an answer may draw on.
#[derive(Debug, Clone)]
pub struct AnswerRequest {
    /// Instructions for a language model; the built-in assistant has no use for them.
    pub system_prompt: String,
    pub provider: Provider,
    /// Which model is asked, and how; the built-in assistant has no use for it.
    pub model: ModelSettings,
    /// Who is asked next when that model gives no answer, in this order; the built-in assistant is the last in any case.
    pub fallbacks: Vec<ModelChoice>,
    /// The names of the tools that a model may use.
    pub tools: Vec<String>,
    /// Who has signed in: tools that show a record show this patient's alone. None: a visitor whom nobody knows.
    pub patient: Option<Patient>,
    /// Where the hospital keeps what it knows of them: only while they are signed in.
    pub record: Option<PatientRecord>,
    pub contact: Contact,
    /// Whom somebody in an emergency is told to call.
    pub safety: Safety,
    /// The hospital's own sites: where a model's links may lead, next to the articles that it is given.
    pub sites: Vec<OriginPattern>,
    /// The pause between two pieces of a built-in answer. Zero sends them all at once.
    pub token_interval: Duration,
    /// The conversation before the question, oldest first. The last few messages suffice.
    pub history: Arc<Vec<HistoryMessage>>,
    /// What was said before that, in short. Like the history it is in patients' words.
    pub earlier: Arc<Earlier>,
    /// Day and time at the hospital, in words, where it is known. The built-in assistant has no use for it.
    pub local_time: Option<String>,
    /// Empty where somebody sent files and no word with them.
    pub question: Phi<String>,
    /// How many files came with it. Nobody here gets to see what is in them, or what they are called.
    pub attached: usize,
    /// The visitor's language tag, such as `en-US`.
    pub locale: String,
    pub knowledge: Arc<Knowledge>,
    pub privacy: Privacy,
}

/// What a provider may be sent, and what it is not to learn of the patient.
#[derive(Debug, Clone)]
pub struct Privacy {
    pub known: KnownPatient,
    /// Kept with the conversation, so that a value has the same placeholder in all of its requests.
    pub placeholders: Placeholders,
    pub gate: Gate,
}

impl Privacy {
    /// Of texts that no patient wrote, such as a suite of questions: nobody is known, and no agreement is needed.
    pub fn of_nobody() -> Self {
        Self { known: KnownPatient::default(), placeholders: Placeholders::default(), gate: Gate::Open }
    }
}

/// Two requests that are alike in this are answered alike from the same articles. What only concerns a model, or how an answer
/// is sent, is no part of it.
pub(crate) struct Asking<'a>(pub &'a AnswerRequest);

impl Hash for Asking<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Named one by one, so that a new field is not forgotten.
        let AnswerRequest {
            system_prompt: _,
            provider: _,
            model: _,
            fallbacks: _,
            tools: _,
            patient: _,
            record: _,
            contact,
            safety,
            sites: _,
            token_interval: _,
            history,
            earlier: _,
            local_time: _,
            question,
            attached: _,
            locale,
            knowledge: _,
            privacy: _,
        } = self.0;
        let Contact { hospital_name, phone, hours, time_zone: _, emergency_number } = contact;
        (hospital_name, phone, hours, emergency_number, safety, locale, question.expose()).hash(state);
        for HistoryMessage { role, content, cited } in history.iter() {
            // Of an answer only its articles count: a model never says the same twice.
            let question = (*role == Role::User).then(|| content.expose());
            (role.as_str(), question, cited).hash(state);
        }
    }
}

/// What was answered lately, so that what many people ask is found out once. Nothing of a question is kept.
pub(crate) struct RecentAnswers {
    /// Built-in answers: some half a megabyte.
    pub composed: Recent<(String, AnswerEnd)>,
    /// What a model got to answer from. None: the question was not one for a model.
    pub sources: Recent<Option<Vec<Candidate>>>,
}

impl Default for RecentAnswers {
    fn default() -> Self {
        Self { composed: Recent::new(256), sources: Recent::new(256) }
    }
}

/// Which model an app names first, how it is asked, and how long the app waits for any of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSettings {
    /// The provider's name for it.
    pub name: String,
    /// None leaves it to the provider.
    pub temperature: Option<f64>,
    /// The most tokens of an answer. None leaves it to the provider.
    pub max_tokens: Option<u32>,
    /// How long may pass until the first piece of an answer, whoever gives it; the built-in assistant is last.
    pub first_piece_timeout: Duration,
    /// How long nothing of an answer may come once it has begun.
    pub silence: Duration,
    /// How long a model's answer may take in all.
    pub timeout: Duration,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            temperature: None,
            max_tokens: None,
            first_piece_timeout: Duration::from_secs(8),
            silence: Duration::from_secs(6),
            timeout: Duration::from_secs(60),
        }
    }
}

/// A model, and how it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelChoice {
    pub provider: Provider,
    /// The provider's name for it.
    pub name: String,
    /// None leaves it to the provider.
    pub temperature: Option<f64>,
    /// The most tokens of an answer. None leaves it to the provider.
    pub max_tokens: Option<u32>,
}

/// An earlier message of the conversation.
#[derive(Debug, Clone)]
pub struct HistoryMessage {
    pub role: Role,
    pub content: Phi<String>,
    /// Ids (`art_…`) of the articles an answer cited; empty for other messages.
    pub cited: Vec<String>,
}

/// What an answer's stream yields: any number of `Text`, then one `Done`.
#[derive(Clone, PartialEq, Eq)]
pub enum AnswerEvent {
    /// The next piece. All pieces in order are the answer, to the byte.
    Text(String),
    Done(AnswerEnd),
}

/// An answer may repeat a patient's words, so its text is not printed.
impl fmt::Debug for AnswerEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => formatter.write_str("Text([redacted])"),
            Self::Done(end) => formatter.debug_tuple("Done").field(end).finish(),
        }
    }
}

/// What is known once an answer is complete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerEnd {
    /// The articles the answer rests on, the most important first. Empty for small talk, and where nothing is even near.
    pub citations: Vec<Citation>,
    /// Whether the assistant said that it does not know. What it cites then is no more than near.
    pub no_answer: bool,
    /// Whether that is because no article covers the question, and not because only a clinician may answer it.
    pub is_uncovered: bool,
    /// Whether it told of an emergency, and whom to call.
    pub is_emergency: bool,
    /// Whether it declined to say what only a clinician may.
    pub declines_medical_advice: bool,
    /// Why the built-in assistant answered where a model should have.
    pub instead_of_model: Option<ProviderFailure>,
    /// What models read and wrote for it, each model once, in the order in which they were asked. The last one answered,
    /// unless the built-in assistant did. Empty where no model was asked, or none got as far as to begin.
    pub usage: Vec<ModelUsage>,
}

/// What one model read and wrote for an answer, over all requests that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelUsage {
    pub provider: Provider,
    /// The provider's name for the model, as the config has it.
    pub model: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Whether part of it was not reported by the provider and is counted here instead, a token for every four bytes.
    pub is_estimate: bool,
}

impl AnswerEnd {
    pub fn outcome(&self) -> AnswerOutcome {
        if self.is_emergency {
            AnswerOutcome::Emergency
        } else if self.no_answer {
            AnswerOutcome::Referred
        } else {
            AnswerOutcome::Answered
        }
    }
}

/// How many messages before the question an answer draws on.
pub const HISTORY_LENGTH: usize = providers::builtin::MEMORY;

/// Those who can answer: the built-in assistant always, models as far as the operator has set them up. Cheap to copy.
#[derive(Debug, Clone)]
pub struct Assistant {
    endpoints: Vec<Arc<Endpoint>>,
    tools: Vec<Arc<dyn Tool>>,
}

impl Default for Assistant {
    fn default() -> Self {
        Self { endpoints: Vec::new(), tools: tools::of_the_house() }
    }
}

impl Assistant {
    /// Adds a provider of models, in place of one that configs call the same.
    pub fn with_provider(mut self, endpoint: Endpoint) -> Self {
        redact::prepare();
        self.endpoints.retain(|known| known.provider() != endpoint.provider());
        self.endpoints.push(Arc::new(endpoint));
        self
    }

    /// Adds something that models may look up, where an app allows it.
    pub fn with_tool(mut self, tool: Arc<dyn Tool>) -> Self {
        self.tools.push(tool);
        self
    }

    pub(crate) fn endpoint(&self, provider: Provider) -> Option<Arc<Endpoint>> {
        self.endpoints.iter().find(|endpoint| endpoint.provider() == provider).cloned()
    }

    pub(crate) fn tools(&self) -> &[Arc<dyn Tool>] {
        &self.tools
    }

    /// Answers a question as a stream: any number of pieces, then the end. Dropping the stream cancels the answer, with
    /// the provider as well.
    pub fn answer(&self, request: AnswerRequest) -> AnswerStream {
        match request.provider {
            // There is nothing to ask a model.
            _ if request.question.expose().trim().is_empty() => providers::builtin::answer(request).boxed(),
            Provider::Builtin => providers::builtin::answer(request).boxed(),
            Provider::Openai | Provider::Anthropic => {
                let guard = AnswerGuard::new(&request);
                guard.over(providers::model::answer(self.clone(), request)).boxed()
            }
        }
    }
}

/// An error ends the stream: the answer broke off.
pub type AnswerStream = BoxStream<'static, Result<AnswerEvent, ProviderFailure>>;
