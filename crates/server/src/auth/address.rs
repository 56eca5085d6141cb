//! Where a request came from, as far as that can be trusted.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
};

use axum::{
    extract::{ConnectInfo, OptionalFromRequestParts},
    http::{Extensions, HeaderMap, request::Parts},
};
use ipnet::IpNet;

use crate::{
    edge::{Peer, is_trusted},
    state::AppState,
};

/// An address as limits count it: of IPv6 the network of 64 bits, all of which one household has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
            address @ IpAddr::V4(_) => Self(address),
        }
    }

    /// Where a request came from.
    pub fn of_request(extensions: &Extensions, headers: &HeaderMap, state: &AppState) -> Option<Self> {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<Peer>>()?;
        Self::behind(peer.address.ip(), headers, &state.config.http.trusted_proxies)
    }

    /// The client behind this peer: the peer itself, or where that is a trusted proxy, the last address in
    /// `X-Forwarded-For` that is none. None where only trusted proxies are known: they stand for any number of people.
    fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<Self> {
        if !is_trusted(peer, trusted) {
            return Some(Self::of(peer));
        }
        let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let addresses: Vec<_> = forwarded.flat_map(|value| value.split(',')).collect();
        addresses
            .into_iter()
            .rev()
            // What a proxy cannot have written ends the part that can be trusted.
            .map_while(|address| address.trim().parse::<IpAddr>().ok())
            .find(|address| !is_trusted(*address, trusted))
            .map(Self::of)
    }
}

impl OptionalFromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, Infallible> {
        Ok(Self::of_request(&parts.extensions, &parts.headers, state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(peer: &str, forwarded: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = ["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        ClientAddress::behind(peer.parse().unwrap(), &headers, &trusted).map(|address| address.0.to_string())
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(behind("203.0.113.7", &["198.51.100.1"]).unwrap(), "203.0.113.7");
        assert_eq!(behind("127.0.0.1", &["198.51.100.1"]).unwrap(), "198.51.100.1");
        assert_eq!(behind("::ffff:127.0.0.1", &["198.51.100.1"]).unwrap(), "198.51.100.1");
        // What a client wrote itself stands to the left of what the proxies added.
        assert_eq!(behind("127.0.0.1", &["192.0.2.1, 198.51.100.1", "10.1.1.1"]).unwrap(), "198.51.100.1");
        assert_eq!(behind("127.0.0.1", &[]), None);
        assert_eq!(behind("127.0.0.1", &["10.2.2.2"]), None);
        assert_eq!(behind("127.0.0.1", &["198.51.100.1, nonsense"]), None);
    }

    #[test]
    fn a_household_has_one_address() {
        let address = |text: &str| ClientAddress::of(text.parse().unwrap());
        assert_eq!(address("2001:db8:1:2:3:4:5:6"), address("2001:db8:1:2::1"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:203.0.113.7"), address("203.0.113.7"));
    }
}
