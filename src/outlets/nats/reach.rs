//! How a NATS server is reached: at any of the addresses that its name has.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::broken::Broken;

/// Together they leave some of the time in which a server has to let us in.
const FOR_THE_NAME: Duration = Duration::from_secs(1);
const FOR_ALL_ADDRESSES: Duration = Duration::from_millis(1_500);

pub(super) async fn reach(host: &str, port: u16) -> Result<TcpStream, Broken> {
    let found = timeout(FOR_THE_NAME, lookup_host((host, port))).await.map_err(|_| Broken::NoAddress)??;
    first_of(&found.collect::<Vec<_>>()).await
}

/// Each has its share of the time, so that one where nobody is does not take that of the others.
async fn first_of(addresses: &[SocketAddr]) -> Result<TcpStream, Broken> {
    let share = u32::try_from(addresses.len()).ok().and_then(|count| FOR_ALL_ADDRESSES.checked_div(count));
    let mut trouble = Broken::NoAddress;
    for address in addresses {
        match timeout(share.unwrap_or_default(), TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => trouble = error.into(),
            Err(_) => trouble = Broken::Late,
        }
    }
    Err(trouble)
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    fn here() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    #[tokio::test]
    async fn an_address_that_swallows_everything_leaves_time_for_the_next() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(here()).unwrap();
        let hole = socket.listen(1).unwrap();
        let full = hole.local_addr().unwrap();
        let mut waiting = Vec::new();
        // What waits to be let in is full, and whoever comes then hears nothing.
        while let Ok(tcp) = timeout(Duration::from_millis(300), TcpStream::connect(full)).await {
            waiting.push(tcp);
        }
        let live = TcpListener::bind(here()).await.unwrap();
        let tcp = first_of(&[full, live.local_addr().unwrap()]).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), live.local_addr().unwrap());
        assert!(matches!(first_of(&[full]).await, Err(Broken::Late)));
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_no_place() {
        assert!(matches!(first_of(&[]).await, Err(Broken::NoAddress)));
    }
}
