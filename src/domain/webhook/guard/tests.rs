//! Which addresses are gone to, and which not.

use super::*;

fn guard(networks: &[&str]) -> Guard {
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    Guard { networks, in_the_clear: false }
}

fn admits(guard: &Guard, address: &str) -> bool {
    guard.admits(address.parse().unwrap())
}

const PRIVATE: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    // What they embed is private.
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:c0a8:101::1",
];

const GLOBAL: &[&str] = &[
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2001:200::1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
];

#[test]
fn asvs_1_3_6_only_what_the_world_reaches_is_gone_to() {
    let guard = guard(&[]);
    for address in PRIVATE {
        assert!(!admits(&guard, address), "{address}");
    }
    for address in GLOBAL {
        assert!(admits(&guard, address), "{address}");
    }
}

#[test]
fn a_private_network_that_is_allowed_is_gone_to_and_no_other() {
    let guard = guard(&["10.1.0.0/16", "fd00:1::/32"]);
    for address in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd00:1::7", "1.1.1.1"] {
        assert!(admits(&guard, address), "{address}");
    }
    for address in ["10.2.0.1", "127.0.0.1", "fd00:2::7", "::ffff:10.2.0.1"] {
        assert!(!admits(&guard, address), "{address}");
    }
}

#[test]
fn what_goes_in_the_clear_goes_to_allowed_networks_alone() {
    let guard = Guard { in_the_clear: true, ..guard(&["10.1.0.0/16"]) };
    assert!(admits(&guard, "10.1.2.3"));
    assert!(GLOBAL.iter().chain(PRIVATE).all(|address| !admits(&guard, address)));
    let shut = guard.judge_literal(&Host::Ipv4(Ipv4Addr::new(1, 1, 1, 1))).unwrap_err();
    assert!(shut.to_string().starts_with("1.1.1.1 is reached by plain http, "), "{shut}");
}

/// As whoever rebinds a name answers: what is connected to is among what was judged, whatever else it leads to.
#[test]
fn of_the_addresses_of_a_name_only_those_are_left_that_may_be_gone_to() {
    let at = |addresses: &[&str]| -> Vec<SocketAddr> {
        addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect()
    };
    let guard = guard(&[]);
    let found = at(&["127.0.0.1", "1.1.1.1", "::1", "169.254.169.254", "2606:4700::1"]);
    assert_eq!(guard.judge_found("ada.example.org", found), Ok(at(&["1.1.1.1", "2606:4700::1"])));
    let shut = guard.judge_found("ada.example.org", at(&["10.0.0.1", "::ffff:10.0.0.1"])).unwrap_err();
    assert_eq!(
        shut.to_string(),
        "ada.example.org is at a private address, which PORTCULLIS_WEBHOOKS_NETWORKS does not allow"
    );
}

#[test]
fn an_address_in_a_url_is_judged_however_it_is_written() {
    let guard = guard(&[]);
    for url in [
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://127.0.0.1.",
        "https://[::ffff:127.0.0.1]",
        "https://[::1]",
    ] {
        let host = url::Url::parse(url).unwrap().host().unwrap().to_owned();
        assert!(guard.judge_literal(&host).is_err(), "{url}");
    }
    assert_eq!(guard.judge_literal(&Host::Domain("localhost".to_owned())), Ok(()), "the resolver judges it");
}
