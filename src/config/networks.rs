//! A list of networks; an address alone is a network of one.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};

pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let given = String::deserialize(deserializer)?;
    let entries = given.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(|entry| network(entry).ok_or_else(|| D::Error::custom(not_one(entry)))).collect()
}

fn network(entry: &str) -> Option<IpNet> {
    let address = || entry.parse::<IpAddr>().map(IpNet::from);
    entry.parse().or_else(|_| address()).ok()
}

fn not_one(entry: &str) -> String {
    format!("{entry:?} is neither a network nor an address")
}
