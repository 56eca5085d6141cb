//! Talking instead of typing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who talks with visitors, and how. Whether anybody does is said by `features.voice`, and by what the operator has set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Voice {
    pub provider: VoiceProvider,
    /// The model that OpenAI serves a call with. Others have no use for it.
    #[schemars(regex(pattern = r"\S"))]
    pub model: String,
    /// The voice that OpenAI speaks with.
    #[schemars(regex(pattern = r"\S"))]
    pub voice: String,
    /// Seconds that a visitor may say nothing before the built-in voice asks whether they are there, 5 to 300. After as many
    /// more it ends the call.
    #[schemars(range(min = 5, max = 300))]
    pub silence_seconds: u32,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            provider: VoiceProvider::Auto,
            model: String::from("gpt-realtime"),
            voice: String::from("marin"),
            silence_seconds: 20,
        }
    }
}

/// Who serves a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VoiceProvider {
    /// The one that the operator names in `VOICE_PROVIDER_URL`, or else the built-in one.
    #[default]
    Auto,
    /// The server itself, with the assistant that also answers what is typed. Nothing that is said leaves it.
    Builtin,
    /// The one that the operator names in `VOICE_PROVIDER_URL`. What is said goes there.
    External,
    /// OpenAI Realtime. What is said goes there, and is answered there.
    Openai,
}
