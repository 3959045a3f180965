//! Who is at the other end: what proxies say of the client is believed of trusted proxies only.

use std::{
    future::{Ready, ready},
    net::IpAddr,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::HeaderMap, web::Data};
use ipnet::IpNet;

use crate::{
    domain::{
        device::{Device, network},
        event::{Circumstances, RequestName},
        trace::{TraceId, TraceParent},
    },
    flows::Services,
};

use super::{Site, problem::Problem};

/// The networks whose proxies may speak for their clients.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Whether this is near enough to be a proxy of ours.
fn is_near(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(peer) => {
            let [first, second, ..] = peer.octets();
            let is_shared = first == 100 && second & 0b1100_0000 == 64;
            peer.is_private() || peer.is_loopback() || peer.is_link_local() || is_shared
        }
        IpAddr::V6(peer) => peer.is_unique_local() || peer.is_loopback() || peer.is_unicast_link_local(),
    }
}

/// From where a request comes, and by which names it is found elsewhere.
pub struct CalledFrom(pub Circumstances);

impl FromRequest for CalledFrom {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (site, services) = (request.app_data::<Data<Site>>(), request.app_data::<Data<Services>>());
        let (Some(site), Some(services)) = (site, services) else {
            return ready(Err(Problem::Internal("there is no site".into())));
        };
        ready(Ok(Self(circumstances(request, site, services))))
    }
}

fn circumstances(request: &HttpRequest, site: &Site, services: &Services) -> Circumstances {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let peer = request.peer_addr().map(|peer| peer.ip());
    let ip = peer.map(|peer| client(peer, headers, &site.trusted_proxies));
    let unnamed = peer.filter(|peer| is_unnamed(*peer, headers, &site.trusted_proxies));
    if let Some(proxy) = unnamed {
        services.unnamed.note(proxy, services.clock.uptime());
    }
    Circumstances {
        device: Device::new(text("user-agent"), ip),
        network: ip.filter(|_| unnamed.is_none()).map(network),
        request: request.extensions().get::<RequestName>().cloned(),
        trace: request.extensions().get::<TraceId>().copied(),
    }
}

/// A proxy that nobody has named: whom it asks for is not believed, and it is not to be taken for all of its clients either. Anybody can send
/// such a header; whoever is far away gains nothing by it.
fn is_unnamed(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> bool {
    headers.contains_key("x-forwarded-for") && is_near(peer) && !trusted.contains(peer)
}

/// Walks the chain from our end: the first address that is not a trusted proxy's is the client's.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> IpAddr {
    let mut nearest = peer.to_canonical();
    let lines: Vec<_> = headers.get_all("x-forwarded-for").collect();
    let hops = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    for hop in hops {
        if !trusted.contains(nearest) {
            break;
        }
        // What cannot be read ends what can be believed.
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
    }
    nearest
}

/// The request id that a trusted proxy gave, if it is one that can be written into a log.
pub fn given_request_id(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &TrustedProxies,
) -> Option<RequestName> {
    let name = RequestName::parse(headers.get("x-request-id")?.to_str().ok()?)?;
    peer.is_some_and(|peer| trusted.contains(peer)).then_some(name)
}

/// The trace that a trusted proxy says goes on; what several headers say is nothing.
pub fn given_trace(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &TrustedProxies,
) -> Option<TraceParent> {
    let mut given = headers.get_all("traceparent");
    let (given, None) = (given.next()?, given.next()) else { return None };
    let believed = peer.is_some_and(|peer| trusted.contains(peer));
    given.to_str().ok().filter(|_| believed)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, forwarded: &[&'static str]) -> String {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut request = TestRequest::default();
        for line in forwarded {
            request = request.append_header(("X-Forwarded-For", *line));
        }
        client(peer.parse().unwrap(), request.to_http_request().headers(), &trusted).to_string()
    }

    #[test]
    fn asvs_15_3_4_a_stranger_s_word_about_itself_is_not_believed() {
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("fd00::1", &["2001:db8::5"]), "2001:db8::5");
    }

    #[test]
    fn r_05_whoever_is_far_away_says_what_they_like_and_changes_nothing() {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let said =
            TestRequest::default().insert_header(("X-Forwarded-For", "198.51.100.1")).to_http_request();
        let silent = TestRequest::default().to_http_request();
        let unnamed = |peer: &str| is_unnamed(peer.parse().unwrap(), said.headers(), &trusted);
        for far in ["203.0.113.7", "100.63.255.255", "100.128.0.0", "172.32.0.1", "2001:db8::7", "10.0.0.1"] {
            assert!(!unnamed(far), "{far}");
        }
        for near in [
            "192.168.0.1",
            "172.16.0.1",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "fd00::1",
            "::ffff:192.168.0.1",
        ] {
            assert!(unnamed(near), "{near}");
            assert!(!is_unnamed(near.parse().unwrap(), silent.headers(), &trusted), "{near}");
        }
    }

    #[test]
    fn a_request_id_is_taken_from_a_trusted_peer_and_only_if_well_formed() {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let given = |peer: &str, id: &'static str| {
            let request = TestRequest::default().insert_header(("x-request-id", id)).to_http_request();
            given_request_id(peer.parse().ok(), request.headers(), &trusted)
        };
        assert_eq!(given("10.0.0.1", "0af7651916cd43dd"), RequestName::parse("0af7651916cd43dd"));
        assert_eq!(given("203.0.113.7", "0af7651916cd43dd"), None);
        for id in ["short", "with space in it", "quote\"quote\""] {
            assert_eq!(given("10.0.0.1", id), None, "{id:?}");
        }
    }

    #[test]
    fn a_trace_goes_on_where_a_trusted_peer_says_so_once_and_well() {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let given = |peer: &str, said: &[&'static str]| {
            let request = said
                .iter()
                .fold(TestRequest::default(), |request, said| request.append_header(("traceparent", *said)));
            given_trace(peer.parse().ok(), request.to_http_request().headers(), &trusted)
        };
        let said = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(given("10.0.0.1", &[said]), said.parse().ok());
        assert_eq!(given("203.0.113.7", &[said]), None);
        assert_eq!(given("10.0.0.1", &[said, said]), None);
        assert_eq!(given("10.0.0.1", &["00-nonsense"]), None);
        assert_eq!(given("10.0.0.1", &[]), None);
    }
}
