//! What the widget measures of itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How fast and how well the widget works in visitors' browsers: load times, lost connections, errors, lengths of calls. Nothing of
/// who they are or of what is said. A browser that asks not to be tracked measures nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Measurements {
    pub enabled: bool,
    /// Of so many of a hundred pages with a conversation, 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub percent: u8,
}

impl Default for Measurements {
    fn default() -> Self {
        Self { enabled: true, percent: 10 }
    }
}
