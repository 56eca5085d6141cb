//! An app's configuration document (`configData`): what its owner decides, version by version.
//!
//! A document is checked strictly when it is written and read leniently ever after: a field that a later release
//! removed must not break a conversation that started before.

use serde::{Deserialize, Serialize};

/// Everything an app's owner configures. Every field has a default, so a document states only what differs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppConfig {
    /// Instructions for a language model. The built-in assistant has no use for them.
    pub system_prompt: String,
    pub features: Features,
    pub theme: Theme,
    pub ui_hints: UiHints,
    pub assistant: Assistant,
    pub contact: Contact,
}

/// What visitors may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Features {
    pub text_chat: bool,
    pub voice: bool,
    pub file_upload: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self { text_chat: true, voice: false, file_upload: false }
    }
}

/// The look of the widget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Theme {
    /// A CSS hex colour, `#rgb` or `#rrggbb`.
    pub primary_color: String,
    /// Multiplies every text size; 0.75 to 2.
    pub font_scale: f64,
    /// A CSS length for rounded corners, in rem or px.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorScheme {
    /// Follows the visitor's system.
    #[default]
    Auto,
    Light,
    Dark,
}

/// The widget's wording that belongs to the hospital.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Assistant {
    pub provider: Provider,
    /// The provider's name for the model that answers. A model needs one; the built-in assistant has none.
    pub model: String,
    /// How freely a model words its answers, 0 to 2. Without it, as the provider thinks fit; some models take no other.
    pub temperature: Option<f64>,
    /// Tokens that a model's answer has at most. One that would be longer counts as failed.
    pub max_tokens: Option<u32>,
    /// How long a model may take to begin, in milliseconds. After that the built-in assistant answers.
    pub first_token_timeout_ms: u64,
    /// Pause between the pieces of a built-in answer, in milliseconds, so that it reads as it comes. 0 sends it at once.
    pub token_interval_ms: u64,
}

impl Default for Assistant {
    fn default() -> Self {
        Self {
            provider: Provider::Builtin,
            model: String::new(),
            temperature: None,
            max_tokens: None,
            first_token_timeout_ms: 8_000,
            token_interval_ms: 18,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Answers from the app's articles, without a language model and without a network.
    #[default]
    Builtin,
    /// A language model behind the chat completions protocol, which the operator names by `OPENAI_BASE_URL` and
    /// `OPENAI_API_KEY`. What patients write is sent there.
    Openai,
}

/// How to reach a human at the hospital.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Contact {
    pub hospital_name: String,
    pub phone: String,
    /// When the phone is answered, in words.
    pub hours: String,
    pub emergency_number: String,
}

impl Default for Contact {
    fn default() -> Self {
        Self {
            hospital_name: String::from("the hospital"),
            phone: String::new(),
            hours: String::new(),
            emergency_number: String::from("911"),
        }
    }
}

/// A field of a config document that cannot be accepted, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct ConfigError {
    /// JSON pointer to the field.
    pub pointer: String,
    pub message: String,
}

impl AppConfig {
    /// Reads a document as it is about to be written: unknown fields and values out of range are errors.
    pub fn parse_strictly(document: &serde_json::Value) -> Result<Self, ConfigError> {
        let config: Self = serde_path_to_error::deserialize(document).map_err(|error| ConfigError {
            pointer: format!("/{}", error.path().to_string().replace('.', "/")),
            message: error.into_inner().to_string(),
        })?;
        let known = serde_json::to_value(&config)
            .map_err(|error| ConfigError { pointer: String::from("/"), message: error.to_string() })?;
        if let Some(pointer) = first_unknown_field(document, &known, "") {
            return Err(ConfigError { pointer, message: String::from("is not a known field") });
        }
        config.check_ranges()?;
        Ok(config)
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        let wrong = |pointer: &str, message: &str| {
            Err(ConfigError { pointer: pointer.to_owned(), message: message.to_owned() })
        };
        let color = &self.theme.primary_color;
        let hex = color
            .strip_prefix('#')
            .is_some_and(|digits| matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if !hex {
            return wrong("/theme/primaryColor", "must be a hex colour such as #0066cc");
        }
        if !(0.75..=2.0).contains(&self.theme.font_scale) {
            return wrong("/theme/fontScale", "must be between 0.75 and 2");
        }
        let radius = self.theme.radius.strip_suffix("rem").or_else(|| self.theme.radius.strip_suffix("px"));
        if !radius.is_some_and(|number| number.parse::<f64>().is_ok_and(|number| (0.0..=100.0).contains(&number))) {
            return wrong("/theme/radius", "must be a length in rem or px such as 0.75rem");
        }
        if self.assistant.token_interval_ms > 1_000 {
            return wrong("/assistant/tokenIntervalMs", "must be at most 1000");
        }
        let Assistant { provider, model, temperature, max_tokens, first_token_timeout_ms, .. } = &self.assistant;
        if *provider == Provider::Openai && model.trim().is_empty() {
            return wrong("/assistant/model", "must name the model that answers");
        }
        if temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
            return wrong("/assistant/temperature", "must be between 0 and 2");
        }
        if max_tokens == &Some(0) {
            return wrong("/assistant/maxTokens", "must be at least 1");
        }
        if !(500..=60_000).contains(first_token_timeout_ms) {
            return wrong("/assistant/firstTokenTimeoutMs", "must be between 500 and 60000");
        }
        if self.contact.emergency_number.trim().is_empty() {
            return wrong("/contact/emergencyNumber", "must not be empty");
        }
        Ok(())
    }
}

/// Sections that the contract names and that later releases give a meaning: kept as written.
const RESERVED_SECTIONS: [&str; 3] = ["safety", "voice", "retention"];

fn first_unknown_field(document: &serde_json::Value, known: &serde_json::Value, pointer: &str) -> Option<String> {
    let (serde_json::Value::Object(document), serde_json::Value::Object(known)) = (document, known) else {
        return None;
    };
    document.iter().find_map(|(name, value)| {
        let pointer = format!("{pointer}/{name}");
        match known.get(name) {
            Some(known) => first_unknown_field(value, known, &pointer),
            None if RESERVED_SECTIONS.iter().any(|section| pointer == format!("/{section}")) => None,
            None => Some(pointer),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointer_of(document: serde_json::Value) -> String {
        AppConfig::parse_strictly(&document).expect_err("an error").pointer
    }

    #[test]
    fn an_empty_document_is_all_defaults() {
        assert_eq!(AppConfig::parse_strictly(&json!({})), Ok(AppConfig::default()));
    }

    #[test]
    fn mistakes_are_named_by_pointer() {
        assert_eq!(pointer_of(json!({"theme": {"primaryColour": "#fff"}})), "/theme/primaryColour");
        assert_eq!(pointer_of(json!({"theme": {"primaryColor": "red"}})), "/theme/primaryColor");
        assert_eq!(pointer_of(json!({"features": {"textChat": "yes"}})), "/features/textChat");
        assert_eq!(pointer_of(json!({"theme": {"fontScale": 9}})), "/theme/fontScale");
        assert_eq!(pointer_of(json!({"theme": {"radius": "wide"}})), "/theme/radius");
        assert_eq!(pointer_of(json!({"contact": {"emergencyNumber": " "}})), "/contact/emergencyNumber");
        assert_eq!(pointer_of(json!({"assistant": {"tokenIntervalMs": 60000}})), "/assistant/tokenIntervalMs");
        assert_eq!(pointer_of(json!({"assistant": {"provider": "openai"}})), "/assistant/model");
        assert_eq!(pointer_of(json!({"assistant": {"temperature": 2.5}})), "/assistant/temperature");
        assert_eq!(pointer_of(json!({"assistant": {"maxTokens": 0}})), "/assistant/maxTokens");
        assert_eq!(pointer_of(json!({"assistant": {"firstTokenTimeoutMs": 1}})), "/assistant/firstTokenTimeoutMs");
    }

    #[test]
    fn sections_of_later_releases_are_kept() {
        let document = json!({"safety": {"locale": "en-US"}, "retention": {}, "voice": {}});
        assert!(AppConfig::parse_strictly(&document).is_ok());
    }
}
