//! Who is at the other end of a connection, and whether anybody could listen in between.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, connect_info::Connected},
    http::{Extensions, HeaderMap},
    serve::IncomingStream,
};
use ipnet::IpNet;
use tokio::net::TcpListener;

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    pub address: SocketAddr,
    /// Whether this server itself speaks TLS with it.
    pub is_tls: bool,
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self { address: *stream.remote_addr(), is_tls: false }
    }
}

/// Whether an address is that of a proxy whose headers count.
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address.to_canonical()))
}

/// Whether the client's own connection was a TLS one: to this server, or to a trusted proxy that says so.
pub fn came_over_tls(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<Peer>>() else { return false };
    peer.is_tls
        || is_trusted(peer.address.ip(), trusted)
            && headers
                .get("x-forwarded-proto")
                .is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"https"))
}
