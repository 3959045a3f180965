//! Where a webhook may go: to addresses that the whole world reaches, and to the private ones that are allowed.
//!
//! Whoever may name a URL could otherwise have us speak to what only we can reach. Names are judged by the very addresses that are
//! connected to then, so that none can lead elsewhere between the look and the leap.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::Host;

use super::ReceiverUrl;

#[derive(Clone, Debug)]
pub struct Guard {
    /// Where one may go although they are private.
    networks: Vec<IpNet>,
    /// What goes in the clear may go nowhere else: events tell of people, and only of a network of ours can anybody say who reads
    /// along there.
    in_the_clear: bool,
}

/// At no address that may be gone to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    #[error("{0} is at a private address, which PORTCULLIS_WEBHOOKS_NETWORKS does not allow")]
    Private(String),
    #[error("{0} is reached by plain http, and at no address that PORTCULLIS_WEBHOOKS_NETWORKS allows")]
    Clear(String),
}

impl Guard {
    pub fn of(url: &ReceiverUrl, networks: Vec<IpNet>) -> Self {
        Self { networks, in_the_clear: !url.is_secure() }
    }

    /// The resolver is not asked about a host that is an address already.
    pub fn judge_literal(&self, host: &Host<String>) -> Result<(), Shut> {
        let may_go = match host {
            Host::Domain(_) => true,
            Host::Ipv4(address) => self.admits((*address).into()),
            Host::Ipv6(address) => self.admits((*address).into()),
        };
        if may_go { Ok(()) } else { Err(self.shut(&host.to_string())) }
    }

    /// Those that may be gone to, if there are any.
    pub fn judge_found(&self, host: &str, mut found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Shut> {
        found.retain(|address| self.admits(address.ip()));
        if found.is_empty() { Err(self.shut(host)) } else { Ok(found) }
    }

    fn admits(&self, address: IpAddr) -> bool {
        let address = embedded(address);
        let allowed = self.networks.iter().any(|network| network.contains(&address));
        allowed || (!self.in_the_clear && is_global(address))
    }

    fn shut(&self, host: &str) -> Shut {
        let host = host.to_owned();
        if self.in_the_clear { Shut::Clear(host) } else { Shut::Private(host) }
    }
}

/// Whoever connects to such an address of version 6 ends at one of version 4.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    match v6.segments() {
        // Mapped, by NAT64, and by 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into(),
        _ => address,
    }
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !NOT_GLOBAL_V4.iter().any(|network| network.contains(&v4)),
        IpAddr::V6(v6) => UNICAST.contains(&v6) && !NOT_GLOBAL_V6.iter().any(|network| network.contains(&v6)),
    }
}

const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// The special ones in IANA's registry, with what is multicast, reserved or no longer used.
const NOT_GLOBAL_V4: [Ipv4Net; 15] = [
    // This network.
    v4(0, 0, 0, 8),
    // Private.
    v4(10, 0, 0, 8),
    v4(172, 16, 0, 12),
    v4(192, 168, 0, 16),
    // Behind the translation of a carrier.
    v4(100, 64, 0, 10),
    // Loopback.
    v4(127, 0, 0, 8),
    // Of one link: there are those who tell a machine its secrets.
    v4(169, 254, 0, 16),
    // Of protocols.
    v4(192, 0, 0, 24),
    v4(192, 88, 99, 24),
    // Of documents.
    v4(192, 0, 2, 24),
    v4(198, 51, 100, 24),
    v4(203, 0, 113, 24),
    // Of measurements.
    v4(198, 18, 0, 15),
    // Multicast.
    v4(224, 0, 0, 4),
    // Reserved, and everybody at once.
    v4(240, 0, 0, 4),
];

/// Beyond it nobody has an address that is reached from everywhere: all that is private, of one link, or for many is there.
const UNICAST: Ipv6Net = v6(0x2000, 0, 3);

const NOT_GLOBAL_V6: [Ipv6Net; 3] = [
    // Of protocols, such as Teredo.
    v6(0x2001, 0, 23),
    // Of documents.
    v6(0x2001, 0xdb8, 32),
    v6(0x3fff, 0, 20),
];

#[cfg(test)]
mod tests;
