//! How many connections one address may hold.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// The connections that each address holds now.
#[derive(Clone, Default)]
pub struct Places(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One of an address's places; given back when the connection ends.
pub struct Place {
    places: Places,
    address: IpAddr,
}

impl Places {
    /// More than any browser or proxy needs, and few enough that one address cannot hold all there are.
    const OF_ONE_ADDRESS: usize = 512;

    /// `None` when the address holds as many as it may.
    pub fn take(&self, address: IpAddr) -> Option<Place> {
        let address = group(address);
        // The lock is held for one look-up, never across an await.
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= Self::OF_ONE_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Place { places: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// Whoever has one IPv6 address has the whole /64 of it.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_24_an_address_holds_so_many_and_gets_them_back() {
        let places = Places::default();
        let mut held: Vec<_> = (0..512).filter_map(|_| places.take("203.0.113.7".parse().unwrap())).collect();
        assert_eq!(held.len(), 512);
        assert!(places.take("::ffff:203.0.113.7".parse().unwrap()).is_none(), "another spelling");
        assert!(places.take("203.0.113.8".parse().unwrap()).is_some(), "another address");
        held.pop();
        assert!(places.take("203.0.113.7".parse().unwrap()).is_some());
        drop(held);
        assert!(places.0.lock().unwrap().is_empty());
    }

    #[test]
    fn r_05_a_64_shares_its_places() {
        assert_eq!(group("2001:db8::1".parse().unwrap()), group("2001:db8::ffff:1:2:3".parse().unwrap()));
        assert_ne!(group("2001:db8::1".parse().unwrap()), group("2001:db8:0:1::1".parse().unwrap()));
    }
}
