//! Seats: how many may follow events at once, of one user and of all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::id::UserId;

#[derive(Clone, Default)]
pub struct Seats(Arc<Mutex<HashMap<UserId, usize>>>);

/// Given back when it is dropped.
pub struct Seat {
    seats: Seats,
    user: UserId,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSeat {
    #[error("the user follows in too many places already")]
    OfUser,
    #[error("too many follow already")]
    OfAll,
}

impl Seats {
    /// More windows than anybody looks at.
    const OF_ONE: usize = 8;
    const OF_ALL: usize = 256;

    pub fn take(&self, user: UserId) -> Result<Seat, NoSeat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.get(&user).is_some_and(|count| *count >= Self::OF_ONE) {
            return Err(NoSeat::OfUser);
        }
        if taken.values().sum::<usize>() >= Self::OF_ALL {
            return Err(NoSeat::OfAll);
        }
        *taken.entry(user).or_default() += 1;
        Ok(Seat { seats: self.clone(), user })
    }

    pub fn taken(&self) -> u64 {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.values().map(|count| *count as u64).sum()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: usize) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number as u128))
    }

    #[test]
    fn one_user_and_all_together_have_so_many_seats_and_no_more() {
        let seats = Seats::default();
        let mut taken: Vec<_> = (0..8).map(|_| seats.take(user(0)).unwrap()).collect();
        assert_eq!(seats.take(user(0)).err(), Some(NoSeat::OfUser));
        taken.extend((8..256).map(|number| seats.take(user(number)).unwrap()));
        assert_eq!(seats.take(user(999)).err(), Some(NoSeat::OfAll));
        taken.pop();
        assert!(seats.take(user(999)).is_ok());
        drop(taken);
        assert!(seats.0.lock().unwrap().is_empty(), "nobody is counted who has gone");
    }
}
