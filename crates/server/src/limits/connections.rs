//! How many sockets may be open: on this node, and of each conversation, address and app.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kuzushi_domain::{Id, id};

use crate::{auth::ClientAddress, config::Limits};

/// Over how long the sockets of a stopping server come back: a millisecond each, within these bounds.
const SHORTEST_SPREAD_MS: u32 = 1_000;
const LONGEST_SPREAD_MS: u32 = 15_000;

/// Counts the sockets of this node.
#[derive(Clone)]
pub struct ConnectionLimits {
    most: MostConnections,
    open: Arc<Mutex<HashMap<Holder, usize>>>,
}

#[derive(Clone, Copy)]
struct MostConnections {
    node: usize,
    session: usize,
    address: usize,
    app: usize,
}

/// Whose sockets are counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Node,
    Session(Id<id::Session>),
    Address(ClientAddress),
    App(Id<id::App>),
}

/// A counted socket. It counts until it is dropped.
pub struct ConnectionSlot {
    open: Arc<Mutex<HashMap<Holder, usize>>>,
    holders: Vec<Holder>,
}

impl ConnectionLimits {
    pub fn new(limits: &Limits) -> Self {
        let most = MostConnections {
            node: limits.ws_max_connections,
            session: limits.connections_per_session,
            address: limits.connections_per_address,
            app: limits.connections_per_app.unwrap_or(usize::MAX),
        };
        Self { most, open: Arc::default() }
    }

    /// A slot for a socket from this address. None: there are as many as there may be.
    pub fn take(&self, address: Option<ClientAddress>) -> Option<ConnectionSlot> {
        let mut slot = ConnectionSlot { open: Arc::clone(&self.open), holders: Vec::with_capacity(4) };
        let allowed = slot.count(Holder::Node, self.most.node)
            && address.is_none_or(|address| slot.count(Holder::Address(address), self.most.address));
        allowed.then_some(slot)
    }

    /// Counts the socket for its conversation and app as well, once these are known. False: they have too many.
    pub fn admit(&self, slot: &mut ConnectionSlot, session: Id<id::Session>, app: Id<id::App>) -> bool {
        slot.count(Holder::Session(session), self.most.session) && slot.count(Holder::App(app), self.most.app)
    }

    /// Milliseconds after which one of the sockets that are told to leave may come back: each at another time, so that
    /// the next server is not overrun.
    pub fn return_after_ms(&self) -> u32 {
        let open = lock(&self.open).get(&Holder::Node).copied().unwrap_or_default();
        let spread = u32::try_from(open).unwrap_or(u32::MAX).clamp(SHORTEST_SPREAD_MS, LONGEST_SPREAD_MS);
        let mut random = [0; 4];
        // Without randomness everybody comes at once, which is no reason to fail.
        let _ = aws_lc_rs::rand::fill(&mut random);
        u32::from_le_bytes(random) % spread
    }
}

impl ConnectionSlot {
    fn count(&mut self, holder: Holder, most: usize) -> bool {
        let mut open = lock(&self.open);
        let count = open.entry(holder).or_default();
        if *count >= most {
            return false;
        }
        *count += 1;
        drop(open);
        self.holders.push(holder);
        true
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        for holder in &self.holders {
            if let Some(count) = open.get_mut(holder) {
                *count -= 1;
                if *count == 0 {
                    open.remove(holder);
                }
            }
        }
    }
}

fn lock(open: &Mutex<HashMap<Holder, usize>>) -> MutexGuard<'_, HashMap<Holder, usize>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use confique::Config;

    use super::*;

    fn limits(change: impl FnOnce(&mut Limits)) -> ConnectionLimits {
        let mut limits = Limits::builder().load().unwrap();
        change(&mut limits);
        ConnectionLimits::new(&limits)
    }

    #[test]
    fn a_slot_comes_back_when_its_socket_goes() {
        let limits = limits(|limits| limits.ws_max_connections = 1);
        let slot = limits.take(None);
        assert!(slot.is_some());
        assert!(limits.take(None).is_none());
        drop(slot);
        assert!(limits.take(None).is_some());
    }

    #[test]
    fn each_conversation_address_and_app_has_its_own_count() {
        let limits = limits(|limits| {
            limits.connections_per_session = 1;
            limits.connections_per_address = 2;
            limits.connections_per_app = Some(2);
        });
        let address = ClientAddress::of("203.0.113.7".parse().unwrap());
        let (session, app) = (Id::generate(), Id::generate());
        let mut one = limits.take(Some(address)).unwrap();
        assert!(limits.admit(&mut one, session, app));
        let mut two = limits.take(Some(address)).unwrap();
        assert!(!limits.admit(&mut two, session, app), "a second socket of the conversation");
        assert!(limits.admit(&mut two, Id::generate(), app));
        assert!(limits.take(Some(address)).is_none(), "a third socket from the address");
        let mut elsewhere = limits.take(Some(ClientAddress::of("203.0.113.8".parse().unwrap()))).unwrap();
        assert!(!limits.admit(&mut elsewhere, Id::generate(), app), "a third socket of the app");
        drop((one, two, elsewhere));
        assert!(lock(&limits.open).is_empty(), "nothing is kept of who has left");
    }
}
