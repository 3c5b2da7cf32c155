//! Where a call comes from, also through proxies: the network of the caller, by which strangers are counted.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use actix_web::{HttpRequest, http::header::HeaderMap};
use ipnet::{IpNet, Ipv6Net};
use serde::Deserialize;

/// What one subscriber is given of the address space, and moves about in at will (RFC 6177, RFC 8981).
const SUBSCRIBER_V6: u8 = 64;

/// The header in which our proxy says for whom it asks. It is one, because whoever asks can write the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: client, proxy`.
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy` (RFC 7239).
    Forwarded,
}

/// Proxies in front of us, and how they say for whom they ask.
#[derive(Debug, Clone, Copy)]
pub struct Proxies<'a> {
    /// Who is believed.
    pub trusted: &'a [IpNet],
    /// Where they say it.
    pub header: ForwardedHeader,
}

/// An IPv4 address, or the /64 of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(address) => write!(f, "{address}/{SUBSCRIBER_V6}"),
        }
    }
}

impl Network {
    /// To which network an address belongs.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Net::new_assert(address, SUBSCRIBER_V6).network()),
        })
    }
}

impl Proxies<'_> {
    /// The network of the caller: that of the peer, or, as long as proxies of ours passed it on, of whom the last of them
    /// had it from. What stands further to the left anybody could have written.
    pub fn caller(&self, request: &HttpRequest) -> Network {
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        self.behind(peer, request.headers())
    }

    /// Who asks, when this peer sends these headers.
    pub fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> Network {
        let mut here = peer.to_canonical();
        for before in self.told(headers) {
            match before {
                Some(address) if self.trust(here) => here = address.to_canonical(),
                Some(_) | None => break,
            }
        }
        Network::of(here)
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// The addresses that the header tells, the last one first; none for what is not an address.
    fn told<'h>(&self, headers: &'h HeaderMap) -> impl Iterator<Item = Option<IpAddr>> + use<'h> {
        let header = self.header;
        let name = match header {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let lines: Vec<&str> = headers.get_all(name).map(|line| line.to_str().unwrap_or("unreadable")).collect();
        lines.into_iter().rev().flat_map(|line| line.rsplit(',')).map(move |element| match header {
            ForwardedHeader::XForwardedFor => address(element),
            ForwardedHeader::Forwarded => element.split(';').find_map(forwarded_for).and_then(address),
        })
    }
}

/// The value of `for` in a pair of `Forwarded`.
fn forwarded_for(pair: &str) -> Option<&str> {
    let (name, value) = pair.split_once('=')?;
    name.trim().eq_ignore_ascii_case("for").then_some(value)
}

/// `192.0.2.1`, `2001:db8::1`, either with a port, IPv6 in brackets, all of it in quotes or not.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let bracketed = bare.and_then(|inner| inner.parse::<Ipv6Addr>().ok()).map(IpAddr::V6);
    let plain = || text.parse::<IpAddr>().ok();
    bracketed.or_else(plain).or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}
