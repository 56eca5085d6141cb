//! Why a language model gave no answer, or not all of it.

/// Holds nothing that a patient wrote and nothing that a provider sent: it may be logged and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFailure {
    /// The app wants a model and the operator has set up none.
    #[error("no provider is set up")]
    NotSetUp,
    /// It failed again and again, and was not asked this time.
    #[error("the provider failed too often and is left alone for a while")]
    LeftAlone,
    /// The organisation has no agreement with the provider that stands, or it does not cover text.
    #[error("there is no agreement with the provider that allows it to read what patients write")]
    NoAgreement,
    #[error("a limit of tokens or money is reached")]
    LimitReached,
    /// Whether the provider may be asked could not be found out, so it was not.
    #[error("whether the provider may be asked could not be found out")]
    NotChecked,
    #[error("the provider cannot be reached")]
    Unreachable,
    #[error("the provider was silent for too long")]
    TimedOut,
    /// Also what remains after waiting and asking again.
    #[error("the provider is busy (HTTP {0})")]
    Busy(u16),
    /// The key, the account or its credit. Asking again changes nothing.
    #[error("the provider does not accept our account (HTTP {0})")]
    Account(u16),
    #[error("the provider refused the request (HTTP {0})")]
    Refused(u16),
    /// An error told in the middle of the stream.
    #[error("the provider reported an error while it answered")]
    Interrupted,
    #[error("the provider's filter stopped the answer")]
    Filtered,
    /// It ended without the signs of an end.
    #[error("the provider's answer was cut off")]
    CutOff,
    /// Longer than the app's config, the model, or anybody's patience allows.
    #[error("the provider's answer was too long and was cut off")]
    TooLong,
    #[error("the provider's answer was empty")]
    Empty,
    #[error("the provider's reply could not be understood")]
    Malformed,
    /// It read its instructions out.
    #[error("the model gave away its instructions")]
    GaveAway,
}

impl ProviderFailure {
    /// Whether the same request may well succeed in a moment.
    pub(crate) fn is_passing(self) -> bool {
        matches!(self, Self::Unreachable | Self::Busy(_))
    }
}
