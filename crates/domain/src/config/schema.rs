//! The JSON Schema that config documents are held to when they are written, and what is said of those that it refuses.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{
    AppConfig,
    local_time::{A_TIME_ZONE, is_time_zone},
};

/// A field of a config document that cannot be accepted, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct ConfigError {
    /// JSON pointer to the field.
    pub pointer: String,
    pub message: String,
}

/// Everything that is wrong with a config document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// The schema, without references, so that a reader finds everything about a field in one place.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<AppConfig>();
    schema.insert("title".into(), "Configuration of a Kuzushi app".into());
    schema.to_value()
}

impl AppConfig {
    /// Reads a document as it is about to be written: whatever the schema does not allow is an error, and all errors are told.
    pub fn parse_strictly(document: &Value) -> Result<Self, ConfigErrors> {
        let schema = schema();
        let whole = |message: String| ConfigErrors(vec![ConfigError { pointer: String::new(), message }]);
        let validator = jsonschema::validator_for(&schema).map_err(|error| whole(error.to_string()))?;
        let mut errors = Vec::new();
        for error in validator.iter_errors(document) {
            describe(&error, &schema, &mut errors);
        }
        if !errors.is_empty() {
            return Err(ConfigErrors(errors));
        }
        // A number can be too large for us where the schema sets no limit.
        let config: Self = serde_path_to_error::deserialize(document).map_err(|error| {
            let pointer = format!("/{}", error.path().to_string().replace('.', "/"));
            ConfigErrors(vec![ConfigError { pointer, message: error.into_inner().to_string() }])
        })?;
        if !is_time_zone(&config.contact.time_zone) {
            let pointer = String::from("/contact/timeZone");
            return Err(ConfigErrors(vec![ConfigError { pointer, message: String::from(A_TIME_ZONE) }]));
        }
        Ok(config)
    }
}

/// Says where a document does not fit, and what would.
fn describe(error: &ValidationError<'_>, schema: &Value, told: &mut Vec<ConfigError>) {
    let place = error.instance_path().as_str();
    let keyword = error.schema_path().as_str();
    // What the schema has to say about that place.
    let wanted = keyword.rsplit_once('/').and_then(|(parent, _)| schema.pointer(parent)).unwrap_or(&Value::Null);
    let mut tell = |pointer: String, message: String| told.push(ConfigError { pointer, message });
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                tell(format!("{place}/{name}"), String::from("is not a known field"));
            }
        }
        ValidationErrorKind::Required { property } => {
            tell(format!("{place}/{}", property.as_str().unwrap_or_default()), String::from("is missing"));
        }
        ValidationErrorKind::Type { .. } => tell(place.to_owned(), format!("wants {}", types(wanted))),
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
            tell(place.to_owned(), range(wanted));
        }
        ValidationErrorKind::Pattern { .. } => {
            let description = wanted["description"].as_str().unwrap_or_default();
            tell(place.to_owned(), format!("cannot be used; it holds: {description}"));
        }
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            tell(place.to_owned(), format!("wants one of {}", options(wanted).join(", ")));
        }
        _ => tell(place.to_owned(), error.masked().to_string()),
    }
}

fn types(wanted: &Value) -> String {
    let words = |name: &str| match name {
        "string" => "a string",
        "number" => "a number",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "array" => "a list",
        "null" => "null",
        _ => "an object",
    };
    match &wanted["type"] {
        Value::String(name) => words(name).to_owned(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(words).collect::<Vec<_>>().join(" or "),
        _ => String::from("something else"),
    }
}

fn range(wanted: &Value) -> String {
    match (wanted["minimum"].as_f64(), wanted["maximum"].as_f64()) {
        (Some(least), Some(most)) => format!("must be between {least} and {most}"),
        (Some(least), None) => format!("must be at least {least}"),
        (None, Some(most)) => format!("must be at most {most}"),
        (None, None) => String::from("is out of range"),
    }
}

/// The words that a field may hold: alternatives with a description stand apart in a schema, others together.
fn options(wanted: &Value) -> Vec<&str> {
    let alternatives = wanted["oneOf"].as_array().into_iter().flatten();
    let lists = std::iter::once(wanted).chain(alternatives.clone()).filter_map(|part| part["enum"].as_array());
    let single = alternatives.filter_map(|part| part["const"].as_str());
    single.chain(lists.flatten().filter_map(Value::as_str)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(document: Value) -> Vec<(String, String)> {
        let errors = AppConfig::parse_strictly(&document).expect_err("an error").0;
        errors.into_iter().map(|error| (error.pointer, error.message)).collect()
    }

    fn pointer_of(document: Value) -> String {
        let told = told(document);
        assert_eq!(told.len(), 1, "{told:?}");
        told[0].0.clone()
    }

    #[test]
    fn an_empty_document_is_all_defaults() {
        assert_eq!(AppConfig::parse_strictly(&json!({})), Ok(AppConfig::default()));
        let defaults = serde_json::to_value(AppConfig::default()).unwrap();
        assert_eq!(AppConfig::parse_strictly(&defaults), Ok(AppConfig::default()));
    }

    #[test]
    fn mistakes_are_named_by_pointer() {
        assert_eq!(pointer_of(json!({"theme": {"primaryColour": "#fff"}})), "/theme/primaryColour");
        assert_eq!(pointer_of(json!({"theme": {"primaryColor": "red"}})), "/theme/primaryColor");
        assert_eq!(pointer_of(json!({"features": {"textChat": "yes"}})), "/features/textChat");
        assert_eq!(pointer_of(json!({"theme": {"fontScale": 9}})), "/theme/fontScale");
        assert_eq!(pointer_of(json!({"theme": {"radius": "wide"}})), "/theme/radius");
        assert_eq!(pointer_of(json!({"theme": {"radius": "101px"}})), "/theme/radius");
        assert_eq!(pointer_of(json!({"signIn": {"idleTimeoutMinutes": 0}})), "/signIn/idleTimeoutMinutes");
        assert_eq!(pointer_of(json!({"retention": {"conversationDays": 0}})), "/retention/conversationDays");
        assert_eq!(pointer_of(json!({"theme": []})), "/theme");
        assert_eq!(pointer_of(json!([])), "");
        assert_eq!(
            pointer_of(json!({"uiHints": {"suggestedQuestions": ["Where?", 7]}})),
            "/uiHints/suggestedQuestions/1"
        );
        assert_eq!(pointer_of(json!({"contact": {"emergencyNumber": " "}})), "/contact/emergencyNumber");
        assert_eq!(pointer_of(json!({"safety": {"enabled": false}})), "/safety/enabled");
        assert_eq!(
            pointer_of(json!({"safety": {"everywhere": {"emergencyNumber": ""}}})),
            "/safety/everywhere/emergencyNumber"
        );
        assert_eq!(
            pointer_of(json!({"safety": {"locales": {"es": {"crisisLine": {"name": "Linea", "number": " "}}}}})),
            "/safety/locales/es/crisisLine/number"
        );
        assert_eq!(
            pointer_of(json!({"safety": {"everywhere": {"aiDisclosure": " "}}})),
            "/safety/everywhere/aiDisclosure"
        );
        assert_eq!(pointer_of(json!({"contact": {"timeZone": "Eastern"}})), "/contact/timeZone");
        assert_eq!(pointer_of(json!({"assistant": {"tokenIntervalMs": 60000}})), "/assistant/tokenIntervalMs");
        assert_eq!(pointer_of(json!({"assistant": {"provider": "openai"}})), "/assistant/model");
        assert_eq!(pointer_of(json!({"assistant": {"provider": "openai", "model": " "}})), "/assistant/model");
        assert_eq!(pointer_of(json!({"assistant": {"temperature": 2.5}})), "/assistant/temperature");
        assert_eq!(pointer_of(json!({"assistant": {"maxTokens": 0}})), "/assistant/maxTokens");
        assert_eq!(pointer_of(json!({"assistant": {"maxTokens": 5_000_000_000_u64}})), "/assistant/maxTokens");
        assert_eq!(pointer_of(json!({"assistant": {"firstTokenTimeoutMs": 1}})), "/assistant/firstTokenTimeoutMs");
        assert_eq!(pointer_of(json!({"assistant": {"provider": "anthropic"}})), "/assistant/model");
        assert_eq!(pointer_of(json!({"assistant": {"tools": ["openingHours", "record"]}})), "/assistant/tools/1");
        let fallback = |fallback: Value| json!({"assistant": {"fallbacks": [fallback]}});
        assert_eq!(pointer_of(fallback(json!({"provider": "openai"}))), "/assistant/fallbacks/0/model");
        assert_eq!(pointer_of(fallback(json!({"provider": "openai", "model": ""}))), "/assistant/fallbacks/0/model");
        assert_eq!(
            pointer_of(fallback(json!({"provider": "builtin", "model": "m"}))),
            "/assistant/fallbacks/0/provider"
        );
    }

    #[test]
    fn all_mistakes_are_told_with_what_would_be_right() {
        let document = json!({
            "theme": {"colorScheme": "sepia", "fontScale": 9, "primaryColor": "red"},
            "features": {"voice": "yes"},
            "assistant": {"provider": "oracle"},
        });
        let mut told = told(document);
        told.sort();
        let expected = [
            ("/assistant/provider", "wants one of builtin, openai, anthropic"),
            ("/features/voice", "wants true or false"),
            ("/theme/colorScheme", "wants one of auto, light, dark"),
            ("/theme/fontScale", "must be between 0.75 and 2"),
            ("/theme/primaryColor", "cannot be used; it holds: A CSS hex colour, `#rgb` or `#rrggbb`."),
        ];
        assert_eq!(told, expected.map(|(pointer, message)| (pointer.into(), message.into())));
    }

    #[test]
    fn a_model_that_is_named_is_accepted() {
        let document =
            json!({"assistant": {"provider": "openai", "model": "m", "maxTokens": 800, "temperature": null}});
        assert!(AppConfig::parse_strictly(&document).is_ok());
        let document = json!({"assistant": {
            "provider": "anthropic", "model": "m", "tools": ["searchArticles"],
            "fallbacks": [{"provider": "openai", "model": "n", "temperature": 0.1, "maxTokens": 400}],
        }});
        let config = AppConfig::parse_strictly(&document).expect("a config");
        assert_eq!(config.assistant.fallbacks[0].max_tokens, Some(400));
    }

    #[test]
    fn a_voice_is_one_of_those_there_are() {
        let document = json!({"voice": {"provider": "openai", "silenceSeconds": 30}});
        assert_eq!(AppConfig::parse_strictly(&document).expect("a config").voice.silence_seconds, 30);
        let document = json!({"voice": {"provider": "carrier pigeon"}});
        assert!(AppConfig::parse_strictly(&document).is_err());
        // Documents of before there were voices may hold anything in this section, and are read all the same.
        let document = json!({"voice": {"locale": "en-US"}});
        assert_eq!(
            serde_json::from_value::<AppConfig>(document).expect("a config").voice,
            super::super::Voice::default()
        );
    }
}
