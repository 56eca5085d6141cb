//! How often something may be asked for.

use std::time::Duration;

use kuzushi_domain::{Id, id};
use uuid::Uuid;

use super::rate::Rate;
use crate::{auth::ClientAddress, config::Limits};

/// An account, known or not, as the store marks its address.
pub type AccountMark = Vec<u8>;

/// The limits that are counted over time. Each lets through a minute's worth at once. Each node counts by itself.
pub struct RateLimits {
    session_messages: Rate<Id<id::Session>>,
    address_messages: Rate<ClientAddress>,
    app_messages: Option<Rate<Id<id::App>>>,
    address_sessions: Rate<ClientAddress>,
    app_sessions: Option<Rate<Id<id::App>>>,
    address_logins: Rate<ClientAddress>,
    account_logins: Rate<AccountMark>,
    address_requests: Rate<ClientAddress>,
    session_requests: Rate<Id<id::Session>>,
    user_requests: Rate<Id<id::User>>,
    key_requests: Rate<Uuid>,
    failed_keys: Rate<ClientAddress>,
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
            app_sessions: limits.sessions_per_minute_per_app.map(Rate::per_minute),
            address_requests: Rate::per_minute(limits.requests_per_minute_per_address),
            session_requests: Rate::per_minute(limits.requests_per_minute_per_session),
            user_requests: Rate::per_minute(limits.requests_per_minute_per_user),
            key_requests: Rate::per_minute(limits.requests_per_minute_per_key),
            failed_keys: Rate::per_minute(limits.failed_keys_per_minute_per_address),
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
        self.address_messages.take_if_known(address)?;
        self.app_messages.as_ref().map_or(Ok(()), |messages| messages.take(&app))
    }

    /// Whether one more conversation may begin, or how long to wait for it.
    pub fn take_session(&self, address: Option<ClientAddress>, app: Id<id::App>) -> Result<(), Duration> {
        self.address_sessions.take_if_known(address)?;
        self.app_sessions.as_ref().map_or(Ok(()), |sessions| sessions.take(&app))
    }

    /// Whether an address may ask for one more thing.
    pub fn take_request_from(&self, address: Option<ClientAddress>) -> Result<(), Duration> {
        self.address_requests.take_if_known(address)
    }

    /// Whether a conversation's visitor may ask for one more thing.
    pub fn take_request_of_session(&self, session: Id<id::Session>) -> Result<(), Duration> {
        self.session_requests.take(&session)
    }

    /// Whether a signed-in patient may ask for one more thing.
    pub fn take_request_of_user(&self, user: Id<id::User>) -> Result<(), Duration> {
        self.user_requests.take(&user)
    }

    /// Whether the holder of an API key, or a staff member, may ask for one more thing.
    pub fn take_request_of_staff(&self, who: Uuid) -> Result<(), Duration> {
        self.key_requests.take(&who)
    }

    /// Whether an address may be told once more that its key opens nothing.
    pub fn take_failed_key(&self, address: Option<ClientAddress>) -> Result<(), Duration> {
        self.failed_keys.take_if_known(address)
    }

    /// Whether one more attempt to sign in may be made, or how long to wait for it. The allowance comes back by itself, so that
    /// nobody locks others out for good.
    pub fn take_login(&self, address: Option<ClientAddress>, account: &AccountMark) -> Result<(), Duration> {
        self.take_identity(address)?;
        self.account_logins.take(account)
    }

    /// Whether one more hospital's word may be looked at, or how long to wait for it. It counts as an attempt to sign in.
    pub fn take_identity(&self, address: Option<ClientAddress>) -> Result<(), Duration> {
        self.address_logins.take_if_known(address)
    }

    /// Forgets whoever has been quiet long enough to have their whole allowance again.
    pub fn forget_the_quiet(&self) {
        for of_addresses in [
            &self.address_messages,
            &self.address_sessions,
            &self.address_logins,
            &self.address_requests,
            &self.failed_keys,
        ] {
            of_addresses.forget_the_quiet();
        }
        for of_sessions in [&self.session_messages, &self.session_requests] {
            of_sessions.forget_the_quiet();
        }
        for of_apps in [&self.app_messages, &self.app_sessions].into_iter().flatten() {
            of_apps.forget_the_quiet();
        }
        self.user_requests.forget_the_quiet();
        self.key_requests.forget_the_quiet();
        self.account_logins.forget_the_quiet();
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
        limits.sessions_per_minute_per_app = Some(2);
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
        assert!(rates.take_session(address, app).is_ok());
        assert!(rates.take_session(address, app).is_err());
        assert!(rates.take_session(None, app).is_ok());
        assert!(rates.take_session(None, app).is_err(), "of the app");
        assert!(rates.take_session(None, Id::generate()).is_ok());
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
