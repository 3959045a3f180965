//! Where a session was opened from, as far as the caller tells and the connection shows.

use std::net::{IpAddr, Ipv6Addr};

/// What a user later reads to recognise one of their sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    user_agent: Option<String>,
    ip: Option<IpAddr>,
}

impl Device {
    const LONGEST: usize = 256;

    /// Keeps what is printable of the user agent, and of that the first 256 characters.
    pub fn new(user_agent: Option<&str>, ip: Option<IpAddr>) -> Self {
        let user_agent = user_agent
            .map(|text| text.chars().filter(|c| !c.is_control()).take(Self::LONGEST).collect::<String>())
            .filter(|text| !text.is_empty());
        Self { user_agent, ip }
    }

    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }
}

/// Whoever has one IPv6 address has the whole /64 of it.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

/// As people write it.
pub fn network_in_words(address: IpAddr) -> String {
    match network(address) {
        IpAddr::V6(network) => format!("{network}/64"),
        IpAddr::V4(network) => network.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_05_a_64_is_one_network() {
        let of = |address: &str| network(address.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1:2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
    }

    #[test]
    fn a_network_is_written_as_it_is_counted() {
        let of = |address: &str| network_in_words(address.parse().unwrap());
        assert_eq!(of("2001:db8::ffff:1:2:3"), "2001:db8::/64");
        assert_eq!(
            (of("192.0.2.7"), of("::ffff:192.0.2.7")),
            ("192.0.2.7".to_owned(), "192.0.2.7".to_owned())
        );
    }
}
