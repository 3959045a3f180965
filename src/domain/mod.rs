//! What is true, whatever the database or the protocol: synchronous, and without a clock or a random source of its own.

pub mod access_token;
pub mod causes;
pub mod clock;
pub mod cost;
pub mod device;
pub mod email;
pub mod event;
pub mod finding;
pub mod hex;
pub mod id;
pub mod leaked;
pub mod one_time;
pub mod origin;
pub mod original;
pub mod password;
pub mod policy;
pub mod record;
pub mod refresh_token;
pub mod rule;
pub mod sealed;
pub mod secret;
pub mod session;
pub mod signing_key;
pub mod stored_hash;
pub mod strength;
pub mod user;
