//! How much language models may cost an app.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many tokens and how much money language models may take. Where no more is allowed the built-in assistant answers. Days
/// and months are those of UTC. The whole organisation has limits of its own, which its owner sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Limits {
    /// Of one conversation.
    pub session: SpendingLimits,
    /// Of all of the app's conversations together.
    pub app: SpendingLimits,
    /// Of any limit so many percent: then staff are warned.
    #[schemars(range(min = 1, max = 100))]
    pub warn_at_percent: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self { session: SpendingLimits::default(), app: SpendingLimits::default(), warn_at_percent: 80 }
    }
}

/// Tokens and money. What is left out has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct SpendingLimits {
    /// Tokens that models may read and write in a day.
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    pub tokens_per_day: Option<u64>,
    /// Tokens that models may read and write in a month.
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    pub tokens_per_month: Option<u64>,
    /// What models may cost in a day, in the currency of the operator's prices. Models without a price cost nothing here.
    #[schemars(range(min = 0.0, max = 1_000_000_000.0))]
    pub money_per_day: Option<f64>,
    /// What models may cost in a month, the same way.
    #[schemars(range(min = 0.0, max = 1_000_000_000.0))]
    pub money_per_month: Option<f64>,
}

impl SpendingLimits {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
