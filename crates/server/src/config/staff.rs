use kuzushi_domain::StaffRole;
use serde::Deserialize;

use super::value::{Interval, Unusable};

/// People who sign in to the administration.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Staff {
    /// How long staff may do nothing before they are signed out: a number and a unit (`s`, `m`, `h`, `d`).
    #[config(env = "STAFF_IDLE_TIMEOUT", default = "30m", parse_env = str::parse::<Interval>)]
    pub staff_idle_timeout: Interval,
    /// After how long staff are signed out however much they do.
    #[config(env = "STAFF_ABSOLUTE_TIMEOUT", default = "12h", parse_env = str::parse::<Interval>)]
    pub staff_absolute_timeout: Interval,
    /// Who needs a second factor besides a password: `all`, `managers` (operators and owners) or `nobody`. Until they have
    /// one, they can do nothing but set it up. Who has one is asked for it in any case.
    #[config(env = "STAFF_SECOND_FACTOR", default = "all", parse_env = second_factor)]
    pub staff_second_factor: SecondFactor,
}

/// Whose password alone does not let them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondFactor {
    All,
    Managers,
    Nobody,
}

impl SecondFactor {
    pub fn is_for(self, role: StaffRole) -> bool {
        match self {
            Self::All => true,
            Self::Managers => matches!(role, StaffRole::Operator | StaffRole::Owner),
            Self::Nobody => false,
        }
    }
}

fn second_factor(text: &str) -> Result<SecondFactor, Unusable> {
    match text {
        "all" => Ok(SecondFactor::All),
        "managers" => Ok(SecondFactor::Managers),
        "nobody" => Ok(SecondFactor::Nobody),
        _ => Err(Unusable::new(text, "all, managers or nobody")),
    }
}
