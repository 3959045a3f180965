//! Whether the name under which our mongod is a member leads to this very pod.
//!
//! A mongod looks for itself in its configuration when it starts. Where its name is not known yet it takes itself for
//! none of its members, and one without others to tell it better stays so: it is not to be started before.

use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use tokio::{net::lookup_host, time::timeout};

use super::names::Host;

const TO_RESOLVE: Duration = Duration::from_secs(2);

pub(super) async fn leads_here(own: &Host) -> bool {
    match timeout(TO_RESOLVE, lookup_host(own.as_str())).await {
        Ok(Ok(mut addresses)) => addresses.any(is_here),
        _ => false,
    }
}

/// Nobody can bind to the address of another.
fn is_here(address: SocketAddr) -> bool {
    UdpSocket::bind((address.ip(), 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_nowhere_or_elsewhere_is_not_ours() {
        for (name, ours) in [
            ("localhost:27017", true),
            ("127.3.2.1:1", true),
            ("192.0.2.1:1", false),
            ("no.invalid:1", false),
        ] {
            assert_eq!(leads_here(&name.parse().unwrap()).await, ours, "{name}");
        }
    }
}
