//! How many connections one address may hold.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::device::network;

/// The connections that are held now, and by whom.
#[derive(Clone, Default)]
pub struct Places(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    by_address: HashMap<IpAddr, usize>,
    by_all: usize,
}

/// One of an address's places; given back when the connection ends.
pub struct Place {
    places: Places,
    /// `None` for a trusted proxy's, of which only the total counts.
    address: Option<IpAddr>,
}

impl Places {
    /// More than any browser or proxy needs, and few enough that one address cannot hold all there are.
    const OF_ONE_ADDRESS: usize = 512;

    /// Of all addresses together: what is beyond them is left to the internal listener, which must answer in any crowd.
    const OF_ALL: usize = 8_192;

    /// `None` when the address holds as many as it may, or all do.
    pub fn take(&self, address: IpAddr) -> Option<Place> {
        self.take_for(Some(network(address)))
    }

    /// For a proxy that speaks for many.
    pub fn take_for_proxy(&self) -> Option<Place> {
        self.take_for(None)
    }

    fn take_for(&self, address: Option<IpAddr>) -> Option<Place> {
        // The lock is held for one look-up, never across an await.
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.by_all >= Self::OF_ALL {
            return None;
        }
        if let Some(address) = address {
            let count = held.by_address.entry(address).or_default();
            if *count >= Self::OF_ONE_ADDRESS {
                return None;
            }
            *count += 1;
        }
        held.by_all += 1;
        Some(Place { places: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.by_all -= 1;
        let Some(address) = self.address else { return };
        if let Some(count) = held.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                held.by_address.remove(&address);
            }
        }
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
        assert!(places.0.lock().unwrap().by_address.is_empty());
    }

    #[test]
    fn f_24_all_together_leave_room_for_the_cluster() {
        let places = Places::default();
        let mut held: Vec<_> = (0..8_192).filter_map(|_| places.take_for_proxy()).collect();
        assert_eq!(held.len(), 8_192);
        assert!(places.take_for_proxy().is_none());
        assert!(places.take("203.0.113.8".parse().unwrap()).is_none());
        held.pop();
        assert!(places.take("203.0.113.8".parse().unwrap()).is_some());
    }
}
