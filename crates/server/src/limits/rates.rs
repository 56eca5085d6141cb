//! How often something may be asked for.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use kuzushi_domain::{Id, id};

use crate::{auth::ClientAddress, config::Limits};

/// The limits that are counted over time. Each lets through a minute's worth at once.
pub struct RateLimits {
    session_messages: Rate<Id<id::Session>>,
    address_messages: Rate<ClientAddress>,
    app_messages: Option<Rate<Id<id::App>>>,
    address_sessions: Rate<ClientAddress>,
    address_logins: Rate<ClientAddress>,
    account_logins: Rate<AccountMark>,
}

/// An account, known or not, as the store marks its address.
pub type AccountMark = Vec<u8>;

struct Rate<Key: Hash + Eq + Clone>(DefaultKeyedRateLimiter<Key>);

impl<Key: Hash + Eq + Clone> Rate<Key> {
    fn per_minute(number: u32) -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN))))
    }

    /// Takes one, or tells how long to wait for it.
    fn take(&self, key: &Key) -> Result<(), Duration> {
        self.0.check_key(key).map_err(|wait| wait.wait_time_from(DefaultClock::default().now()))
    }

    fn forget_the_quiet(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

impl RateLimits {
    pub fn new(limits: &Limits) -> Self {
        Self {
            session_messages: Rate::per_minute(limits.messages_per_minute),
            address_messages: Rate::per_minute(limits.messages_per_minute_per_address),
            app_messages: limits.messages_per_minute_per_app.map(Rate::per_minute),
            address_sessions: Rate::per_minute(limits.sessions_per_minute_per_address),
            address_logins: Rate::per_minute(limits.logins_per_minute_per_address),
            account_logins: Rate::per_minute(limits.logins_per_minute_per_account),
        }
    }

    /// Whether one more message may come, or how long to wait for it.
    pub fn take_message(
        &self,
        session: Id<id::Session>,
        address: Option<ClientAddress>,
        app: Id<id::App>,
    ) -> Result<(), Duration> {
        self.session_messages.take(&session)?;
        address.map_or(Ok(()), |address| self.address_messages.take(&address))?;
        self.app_messages.as_ref().map_or(Ok(()), |messages| messages.take(&app))
    }

    /// Whether one more conversation may begin, or how long to wait for it.
    pub fn take_session(&self, address: Option<ClientAddress>) -> Result<(), Duration> {
        address.map_or(Ok(()), |address| self.address_sessions.take(&address))
    }

    /// Whether one more attempt to sign in may be made, or how long to wait for it. The allowance comes back by itself, so that
    /// nobody locks others out for good.
    pub fn take_login(&self, address: Option<ClientAddress>, account: &AccountMark) -> Result<(), Duration> {
        self.take_identity(address)?;
        self.account_logins.take(account)
    }

    /// Whether one more hospital's word may be looked at, or how long to wait for it. It counts as an attempt to sign in.
    pub fn take_identity(&self, address: Option<ClientAddress>) -> Result<(), Duration> {
        address.map_or(Ok(()), |address| self.address_logins.take(&address))
    }

    /// Forgets whoever has been quiet long enough to have their whole allowance again.
    pub fn forget_the_quiet(&self) {
        self.session_messages.forget_the_quiet();
        self.address_messages.forget_the_quiet();
        self.address_sessions.forget_the_quiet();
        self.address_logins.forget_the_quiet();
        self.account_logins.forget_the_quiet();
        if let Some(messages) = &self.app_messages {
            messages.forget_the_quiet();
        }
    }
}

#[cfg(test)]
mod tests {
    use confique::Config;

    use super::*;

    fn rates() -> RateLimits {
        let mut limits = Limits::builder().load().unwrap();
        limits.messages_per_minute = 2;
        limits.messages_per_minute_per_address = 3;
        limits.messages_per_minute_per_app = Some(4);
        limits.sessions_per_minute_per_address = 1;
        limits.logins_per_minute_per_address = 3;
        limits.logins_per_minute_per_account = 2;
        RateLimits::new(&limits)
    }

    #[test]
    fn one_conversations_messages_do_not_count_for_another() {
        let (rates, app) = (rates(), Id::generate());
        let (one, two) = (Id::generate(), Id::generate());
        assert!(rates.take_message(one, None, app).is_ok() && rates.take_message(one, None, app).is_ok());
        let wait = rates.take_message(one, None, app).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(30), "{wait:?}");
        assert!(rates.take_message(two, None, app).is_ok());
    }

    #[test]
    fn new_conversations_do_not_get_around_the_limits_of_an_address_and_an_app() {
        let (rates, app) = (rates(), Id::generate());
        let address = Some(ClientAddress::of("203.0.113.7".parse().unwrap()));
        for _ in 0..3 {
            assert!(rates.take_message(Id::generate(), address, app).is_ok());
        }
        assert!(rates.take_message(Id::generate(), address, app).is_err());
        assert!(rates.take_message(Id::generate(), None, app).is_ok());
        assert!(rates.take_message(Id::generate(), None, app).is_err());
        assert!(rates.take_session(address).is_ok());
        assert!(rates.take_session(address).is_err());
        assert!(rates.take_session(None).is_ok());
    }

    #[test]
    fn attempts_to_sign_in_are_counted_by_account_and_by_address() {
        let rates = rates();
        let address = |text: &str| Some(ClientAddress::of(text.parse().unwrap()));
        let (here, there) = (address("203.0.113.7"), address("203.0.113.8"));
        assert!(rates.take_login(here, &vec![1]).is_ok() && rates.take_login(there, &vec![1]).is_ok());
        let wait = rates.take_login(there, &vec![1]).unwrap_err();
        assert!(wait <= Duration::from_secs(30), "{wait:?}");
        assert!(rates.take_login(here, &vec![2]).is_ok() && rates.take_login(here, &vec![3]).is_ok());
        assert!(rates.take_login(here, &vec![4]).is_err(), "one address tries many accounts");
        assert!(rates.take_login(there, &vec![4]).is_ok());
    }
}
