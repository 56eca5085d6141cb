//! Leaving a provider alone that fails again and again, so that nobody waits for it in vain.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::ProviderFailure;

/// Failures in a row after which a provider is left alone.
const FAILURES: u32 = 5;
/// For how long, the first time. It doubles each time that a try fails.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// Who is given less time than this has not failed when it is over: an app may want an answer sooner than others.
const FAIR_PATIENCE: Duration = Duration::from_secs(2);

/// The circuit breaker of one provider's endpoint, for all apps that use it.
#[derive(Debug)]
pub struct Breaker {
    /// What the log calls the endpoint.
    provider: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// All goes well, or has failed so often in a row.
    Closed { failures: u32 },
    /// It is left alone.
    Open { until: Instant, pause: Duration },
    /// One request finds out how it is; the others go elsewhere.
    HalfOpen { pause: Duration },
}

/// The right to ask once. Dropping it without a word on the outcome says nothing about the provider.
pub struct Permit {
    breaker: Arc<Breaker>,
    is_probe: bool,
    begun: Instant,
}

impl Breaker {
    pub fn new(provider: &'static str) -> Arc<Self> {
        Arc::new(Self { provider, state: Mutex::new(State::Closed { failures: 0 }) })
    }

    /// Whether the provider may be asked now.
    pub fn permit(self: &Arc<Self>) -> Result<Permit, ProviderFailure> {
        let now = Instant::now();
        let mut state = self.state();
        let is_probe = match *state {
            State::Closed { .. } => false,
            State::Open { until, pause } if now >= until => {
                *state = State::HalfOpen { pause };
                tracing::info!(
                    provider = self.provider,
                    circuit = "half-open",
                    "a provider that failed is tried again"
                );
                true
            }
            State::Open { .. } | State::HalfOpen { .. } => return Err(ProviderFailure::LeftAlone),
        };
        drop(state);
        Ok(Permit { breaker: Arc::clone(self), is_probe, begun: now })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, state: &mut State, pause: Duration, failure: ProviderFailure) {
        *state = State::Open { until: Instant::now() + pause, pause };
        tracing::warn!(
            provider = self.provider,
            circuit = "open",
            seconds = pause.as_secs(),
            %failure,
            "a provider fails again and again and is left alone for a while"
        );
    }
}

impl Permit {
    /// The provider has begun to answer.
    pub fn note_beginning(&mut self) {
        if std::mem::take(&mut self.is_probe) {
            *self.breaker.state() = State::Closed { failures: 0 };
            tracing::info!(provider = self.breaker.provider, circuit = "closed", "a provider answers again");
        }
    }

    /// The answer came to its proper end.
    pub fn note_success(&mut self) {
        self.note_beginning();
        let mut state = self.breaker.state();
        if matches!(*state, State::Closed { .. }) {
            *state = State::Closed { failures: 0 };
        }
    }

    /// There was no answer, or not all of it. `wait` is for how long the provider asked to be left alone.
    pub fn note_failure(&mut self, failure: ProviderFailure, wait: Duration) {
        if !is_the_providers(failure, self.begun.elapsed()) {
            // It did answer, in a way.
            return self.note_beginning();
        }
        let breaker = Arc::clone(&self.breaker);
        let mut state = breaker.state();
        let is_probe = std::mem::take(&mut self.is_probe);
        match *state {
            State::HalfOpen { pause } if is_probe => {
                breaker.open(&mut state, (pause * 2).max(wait).min(LONGEST_PAUSE), failure);
            }
            State::Closed { failures } if failures + 1 >= FAILURES => {
                breaker.open(&mut state, FIRST_PAUSE.max(wait).min(LONGEST_PAUSE), failure);
            }
            State::Closed { failures } => *state = State::Closed { failures: failures + 1 },
            // Begun before it was opened.
            State::Open { .. } | State::HalfOpen { .. } => {}
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.is_probe {
            let mut state = self.breaker.state();
            if let State::HalfOpen { pause } = *state {
                // Nobody waited for the outcome: the next one finds out.
                *state = State::Open { until: Instant::now(), pause };
            }
        }
    }
}

/// Whether a failure says that others will fare no better. What one app asks for, in vain, is its own affair.
fn is_the_providers(failure: ProviderFailure, waited: Duration) -> bool {
    match failure {
        ProviderFailure::TimedOut => waited >= FAIR_PATIENCE,
        ProviderFailure::Refused(status) => status >= 500,
        ProviderFailure::Unreachable
        | ProviderFailure::Busy(_)
        | ProviderFailure::Account(_)
        | ProviderFailure::Interrupted
        | ProviderFailure::CutOff
        | ProviderFailure::Empty
        | ProviderFailure::Malformed => true,
        ProviderFailure::NotSetUp
        | ProviderFailure::NoAgreement
        | ProviderFailure::LimitReached
        | ProviderFailure::NotChecked
        | ProviderFailure::LeftAlone
        | ProviderFailure::Filtered
        | ProviderFailure::TooLong
        | ProviderFailure::GaveAway => false,
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn fail(breaker: &Arc<Breaker>, times: u32) {
        for _ in 0..times {
            let mut permit = breaker.permit().expect("a permit");
            permit.note_failure(ProviderFailure::Unreachable, Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_closes_when_a_try_goes_well() {
        let breaker = Breaker::new("test");
        fail(&breaker, FAILURES - 1);
        breaker.permit().expect("still closed").note_success();
        fail(&breaker, FAILURES);
        assert_eq!(breaker.permit().err(), Some(ProviderFailure::LeftAlone));
        advance(FIRST_PAUSE).await;
        let mut probe = breaker.permit().expect("a try");
        assert_eq!(breaker.permit().err(), Some(ProviderFailure::LeftAlone), "one at a time");
        probe.note_beginning();
        assert!(breaker.permit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn each_try_that_fails_doubles_the_pause_up_to_a_limit() {
        let breaker = Breaker::new("test");
        fail(&breaker, FAILURES);
        let mut pause = FIRST_PAUSE;
        for _ in 0..6 {
            advance(pause.saturating_sub(Duration::from_millis(1))).await;
            assert!(breaker.permit().is_err(), "not before {pause:?}");
            advance(Duration::from_millis(1)).await;
            fail(&breaker, 1);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_that_nobody_waited_for_is_left_to_the_next() {
        let breaker = Breaker::new("test");
        fail(&breaker, FAILURES);
        advance(FIRST_PAUSE).await;
        drop(breaker.permit());
        assert!(breaker.permit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_an_apps_own_affair_opens_nothing() {
        let breaker = Breaker::new("test");
        for _ in 0..20 {
            for failure in [ProviderFailure::Refused(400), ProviderFailure::TimedOut, ProviderFailure::Filtered] {
                breaker.permit().expect("closed").note_failure(failure, Duration::ZERO);
            }
        }
        for _ in 0..FAILURES {
            let mut permit = breaker.permit().expect("closed");
            advance(FAIR_PATIENCE).await;
            permit.note_failure(ProviderFailure::TimedOut, Duration::ZERO);
        }
        assert!(breaker.permit().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn it_stays_open_for_as_long_as_the_provider_asks_within_reason() {
        let breaker = Breaker::new("test");
        for _ in 0..FAILURES {
            breaker.permit().expect("closed").note_failure(ProviderFailure::Busy(429), Duration::MAX);
        }
        advance(LONGEST_PAUSE - Duration::from_millis(1)).await;
        assert!(breaker.permit().is_err());
        advance(Duration::from_millis(1)).await;
        assert!(breaker.permit().is_ok());
    }
}
