//! The agents beside real, guarded mongods: one set, one primary, the right users, whatever happens to whom.

mod kills;
mod passwords;
mod scale;
mod starts;
mod step_down;
mod tls;
mod volumes;
