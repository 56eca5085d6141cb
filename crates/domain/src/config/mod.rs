//! An app's configuration document (`configData`): what its owner decides, version by version.
//!
//! A document is checked strictly when it is written and read leniently ever after: a field that a later release
//! removed must not break a conversation that started before.

mod limits;
mod local_time;
mod measurements;
mod safety;
mod schema;
mod uploads;
mod voice;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use limits::{Limits, SpendingLimits};
pub use measurements::Measurements;
pub use safety::{Helpline, Safety, SafetyWords};
pub use schema::{ConfigError, ConfigErrors, schema};
pub use uploads::{MEGABYTE, Uploads};
pub use voice::{Voice, VoiceProvider};

/// Everything an app's owner configures. Every field has a default, so a document states only what differs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct AppConfig {
    /// Instructions for a language model. The built-in assistant has no use for them.
    pub system_prompt: String,
    pub features: Features,
    pub sign_in: SignIn,
    pub theme: Theme,
    pub ui_hints: UiHints,
    pub assistant: Assistant,
    pub contact: Contact,
    pub limits: Limits,
    pub measurements: Measurements,
    pub retention: Retention,
    pub safety: Safety,
    pub uploads: Uploads,
    pub voice: Voice,
}

/// What visitors may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Features {
    pub text_chat: bool,
    pub voice: bool,
    /// Visitors may send images and PDF documents; `uploads` says how many.
    pub file_upload: bool,
    /// Patients may sign in from the widget.
    pub sign_in: bool,
    /// Only those may write who have signed in, or whom the hospital's own site has identified.
    pub identity_required: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self { text_chat: true, voice: false, file_upload: false, sign_in: false, identity_required: false }
    }
}

/// How long patients stay signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct SignIn {
    /// Minutes after which a patient who does nothing is signed out, 1 to 1440.
    #[schemars(range(min = 1, max = 1440))]
    pub idle_timeout_minutes: u32,
    /// Minutes after which a patient is signed out whatever they do, 1 to 43200; never later than the token's own end.
    #[schemars(range(min = 1, max = 43200))]
    pub absolute_timeout_minutes: u32,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { idle_timeout_minutes: 30, absolute_timeout_minutes: 720 }
    }
}

/// How long conversations are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Retention {
    /// Days after its last message when a conversation is ended and its content destroyed, 1 to 36500. Without it, when
    /// somebody has it erased. What the active version says holds for all conversations of the app, older ones too.
    #[schemars(range(min = 1, max = 36500))]
    pub conversation_days: Option<u32>,
}

/// The look of the widget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Theme {
    /// A CSS hex colour, `#rgb` or `#rrggbb`.
    #[schemars(regex(pattern = "^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$"))]
    pub primary_color: String,
    /// Multiplies every text size; 0.75 to 2.
    #[schemars(range(min = 0.75, max = 2.0))]
    pub font_scale: f64,
    /// A CSS length for rounded corners, in rem or px, up to 100, such as `0.75rem`.
    #[schemars(regex(pattern = r"^([0-9]{1,2}(\.[0-9]+)?|100(\.0+)?)(rem|px)$"))]
    pub radius: String,
    pub color_scheme: ColorScheme,
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            primary_color: String::from("#0066cc"),
            font_scale: 1.0,
            radius: String::from("0.75rem"),
            color_scheme: ColorScheme::Auto,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColorScheme {
    /// Follows the visitor's system.
    #[default]
    Auto,
    Light,
    Dark,
}

/// The widget's wording that belongs to the hospital.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct UiHints {
    pub welcome_message: String,
    pub widget_title: String,
    pub input_placeholder: String,
    pub send_button_text: String,
    pub voice_button_text: String,
    pub end_call_button_text: String,
    pub powered_by_text: String,
    pub empty_state_message: String,
    pub empty_state_subtitle: String,
    /// Questions offered to a visitor who has not asked any yet.
    pub suggested_questions: Vec<String>,
}

impl Default for UiHints {
    fn default() -> Self {
        Self {
            welcome_message: String::from("Hello! How can we help you today?"),
            widget_title: String::from("Ask us"),
            input_placeholder: String::from("Type your question"),
            send_button_text: String::from("Send"),
            voice_button_text: String::from("Talk"),
            end_call_button_text: String::from("End call"),
            powered_by_text: String::from("Powered by Kuzushi"),
            empty_state_message: String::from("Ask a question to begin"),
            empty_state_subtitle: String::from("Answers come from information the hospital has approved."),
            suggested_questions: Vec::new(),
        }
    }
}

/// Who answers, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(
    deny_unknown_fields,
    extend(
        "if" = {"properties": {"provider": {"enum": ["openai", "anthropic"]}}, "required": ["provider"]},
        "then" = {
            "required": ["model"],
            "properties": {"model": {"description": "The provider's name for the model that answers.", "pattern": "\\S"}},
        },
    )
)]
pub struct Assistant {
    pub provider: Provider,
    /// The provider's name for the model that answers. A model needs one; the built-in assistant has none.
    pub model: String,
    /// How freely a model words its answers, 0 to 2. Without it, as the provider thinks fit; some models take no other.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: Option<f64>,
    /// Tokens that a model's answer has at most. One that would be longer counts as failed.
    #[schemars(range(min = 1))]
    pub max_tokens: Option<u32>,
    /// Who is asked when the model gives no answer, one after the other, four at most. The built-in assistant comes last by itself.
    #[schemars(length(max = 4))]
    pub fallbacks: Vec<ModelFallback>,
    /// What a model may look up while it answers. Not every model and server can; without it nothing is offered.
    pub tools: Vec<AssistantTool>,
    /// How long a visitor waits at most for an answer to begin, in milliseconds, whoever gives it: the model and those in
    /// `fallbacks` share the time, and the built-in assistant answers before it is over.
    #[schemars(range(min = 500, max = 60_000))]
    pub first_token_timeout_ms: u64,
    /// How long nothing may come of a model's answer once it has begun, in milliseconds. After that it counts as failed.
    #[schemars(range(min = 500, max = 60_000))]
    pub idle_timeout_ms: u64,
    /// Pause between the pieces of a built-in answer, in milliseconds, so that it reads as it comes. 0 sends it at once.
    #[schemars(range(max = 1_000))]
    pub token_interval_ms: u64,
}

impl Default for Assistant {
    fn default() -> Self {
        Self {
            provider: Provider::Builtin,
            model: String::new(),
            temperature: None,
            max_tokens: None,
            fallbacks: Vec::new(),
            tools: Vec::new(),
            first_token_timeout_ms: 8_000,
            idle_timeout_ms: 6_000,
            token_interval_ms: 18,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Answers from the app's articles, without a language model and without a network.
    #[default]
    Builtin,
    /// A language model behind the chat completions protocol, which the operator names by `OPENAI_BASE_URL` and
    /// `OPENAI_API_KEY`. What patients write is sent there.
    Openai,
    /// A language model behind Anthropic's protocol, which the operator names by `ANTHROPIC_API_KEY` and, where it is
    /// elsewhere, `ANTHROPIC_BASE_URL`. What patients write is sent there.
    Anthropic,
}

impl Provider {
    pub const ALL: [Self; 3] = [Self::Builtin, Self::Openai, Self::Anthropic];

    /// As a config writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
        }
    }
}

/// A model that is asked when those before it gave no answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ModelFallback {
    pub provider: ModelProvider,
    /// The provider's name for the model.
    #[schemars(regex(pattern = r"\S"))]
    pub model: String,
    /// How freely it words its answers, 0 to 2. Without it, as the provider thinks fit.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: Option<f64>,
    /// Tokens that its answer has at most.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_tokens: Option<u32>,
}

/// The providers that have models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModelProvider {
    Openai,
    Anthropic,
}

impl From<ModelProvider> for Provider {
    fn from(provider: ModelProvider) -> Self {
        match provider {
            ModelProvider::Openai => Self::Openai,
            ModelProvider::Anthropic => Self::Anthropic,
        }
    }
}

/// Something that a model may look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AssistantTool {
    /// More passages of the app's articles than those that come with the question.
    SearchArticles,
    /// When and how the hospital can be reached, and when a part of it is open.
    OpeningHours,
    /// The coming appointments of the patient who is signed in, from the hospital's FHIR server, which the operator names in
    /// `FHIR_SERVERS_FILE`.
    Appointments,
    /// When those are free with whom that patient has an appointment.
    FreeTimes,
}

impl AssistantTool {
    /// As a config writes it, and as a model calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SearchArticles => "searchArticles",
            Self::OpeningHours => "openingHours",
            Self::Appointments => "appointments",
            Self::FreeTimes => "freeTimes",
        }
    }

    /// Whether it opens a patient's own record.
    pub fn reads_records(self) -> bool {
        matches!(self, Self::Appointments | Self::FreeTimes)
    }
}

/// How to reach a human at the hospital.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Contact {
    pub hospital_name: String,
    pub phone: String,
    /// When the phone is answered, in words.
    pub hours: String,
    /// Where the hospital's clocks are, such as `America/New_York`: a model is told what time it is there. Empty: it is not told.
    pub time_zone: String,
    /// The number to call in an emergency; never empty.
    #[schemars(regex(pattern = r"\S"))]
    pub emergency_number: String,
}

impl Default for Contact {
    fn default() -> Self {
        Self {
            hospital_name: String::from("the hospital"),
            phone: String::new(),
            hours: String::new(),
            time_zone: String::new(),
            emergency_number: String::from("911"),
        }
    }
}
