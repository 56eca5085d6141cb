//! Whom somebody in an emergency is told to call, and in what words. What is recognised, and that it is told, no config decides.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What visitors are told in an emergency. It can be changed, not emptied, and not switched off.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Safety {
    /// Where the hospital is: an ISO 3166 country code such as `US` or `DE`. It says which numbers are called where nothing else
    /// does, whatever language the visitor reads.
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    pub region: String,
    /// For every visitor.
    pub everywhere: SafetyWords,
    /// For visitors of a language, by its tag, such as `es` or `fr-CA`. It goes before `everywhere`.
    pub locales: BTreeMap<String, SafetyWords>,
}

impl Default for Safety {
    fn default() -> Self {
        Self { region: String::from("US"), everywhere: SafetyWords::default(), locales: BTreeMap::new() }
    }
}

/// Numbers and words. What is left out is as the region and the language have it. In a text, `{emergency}` stands for the
/// emergency number and `{helpline}` for the helpline that fits; numbers that a text does not name are put behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct SafetyWords {
    /// The number for every emergency; never empty. Without it, `contact.emergencyNumber` where that was changed, else the
    /// region's.
    #[schemars(regex(pattern = r"[0-9]"))]
    pub emergency_number: Option<String>,
    pub crisis_line: Option<Helpline>,
    pub poison_control: Option<Helpline>,
    pub violence_hotline: Option<Helpline>,
    /// What is said where somebody's life may be in danger; never empty.
    #[schemars(regex(pattern = r"\S"))]
    pub emergency_text: Option<String>,
    /// What is said where somebody speaks of harming themselves; never empty.
    #[schemars(regex(pattern = r"\S"))]
    pub self_harm_text: Option<String>,
    /// What is said where somebody took what they should not have; never empty.
    #[schemars(regex(pattern = r"\S"))]
    pub poisoning_text: Option<String>,
    /// What is said where somebody is hurt or threatened by somebody else; never empty.
    #[schemars(regex(pattern = r"\S"))]
    pub violence_text: Option<String>,
    /// What visitors are told at the beginning of a conversation: that an AI answers, and how to reach a human; never empty.
    #[schemars(regex(pattern = r"\S"))]
    pub ai_disclosure: Option<String>,
}

/// A number that helps with one thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Helpline {
    /// What it is called, for visitors; never empty.
    #[schemars(regex(pattern = r"\S"))]
    pub name: String,
    /// As somebody dials it; never empty.
    #[schemars(regex(pattern = r"[0-9]"))]
    pub number: String,
}
