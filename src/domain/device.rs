//! Where a session was opened from, as far as the caller tells and the connection shows.

use std::net::IpAddr;

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
