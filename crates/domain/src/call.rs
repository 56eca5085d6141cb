//! How calls end.

use crate::UnknownName;

/// Why a call is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// The patient hung up.
    HungUp,
    /// The assistant hung up, since nobody said anything.
    Silence,
    /// Whoever serves the call hung up.
    ProviderHungUp,
    /// Whoever serves the call failed, or was not to be reached.
    ProviderFailed,
    /// The patient's browser was not heard of any more; or the server that served the call was not.
    Lost,
    /// No sound ever went through.
    NotConnected,
    /// The same conversation has begun another call.
    Replaced,
    /// The conversation has ended, or the patient was signed out.
    SessionEnded,
    /// It lasted as long as a call may.
    TooLong,
    /// The server was told to stop.
    Restarting,
}

impl CallOutcome {
    pub const ALL: [Self; 10] = [
        Self::HungUp,
        Self::Silence,
        Self::ProviderHungUp,
        Self::ProviderFailed,
        Self::Lost,
        Self::NotConnected,
        Self::Replaced,
        Self::SessionEnded,
        Self::TooLong,
        Self::Restarting,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HungUp => "hung_up",
            Self::Silence => "silence",
            Self::ProviderHungUp => "provider_hung_up",
            Self::ProviderFailed => "provider_failed",
            Self::Lost => "lost",
            Self::NotConnected => "not_connected",
            Self::Replaced => "replaced",
            Self::SessionEnded => "session_ended",
            Self::TooLong => "too_long",
            Self::Restarting => "restarting",
        }
    }
}

impl std::str::FromStr for CallOutcome {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name).ok_or(UnknownName { what: "outcome of a call" })
    }
}

/// How good a call was, as far as whoever served it can tell. Nothing of what was said.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CallQuality {
    /// Milliseconds from the offer until sound could go through.
    pub connected_after_ms: Option<i64>,
    pub packets_received: Option<i64>,
    pub packets_lost: Option<i64>,
    pub round_trip_ms: Option<f64>,
    /// How often the patient said something that was answered.
    pub turns: Option<i64>,
    /// How often they broke in on an answer.
    pub interruptions: Option<i64>,
    /// Milliseconds from the end of what a patient said to the first sound of the answer: of half of the answers at most, and
    /// of the slowest.
    pub median_response_ms: Option<i64>,
    pub slowest_response_ms: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_survive_their_own_text() {
        for outcome in CallOutcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
        }
        assert!("bored".parse::<CallOutcome>().is_err());
    }
}
