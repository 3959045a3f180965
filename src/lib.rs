//! Portcullis: signs people and workloads in, and tells every other service who is calling.
//!
//! - [`domain`]: what is true, whatever the database or the protocol
//! - [`flows`]: what one can do, one verb per file
//! - [`store`]: what we remember
//! - [`system`]: clock, randomness, the hashing pool
pub mod domain;
pub mod flows;
pub mod http;
pub mod store;
pub mod system;
pub mod telemetry;
pub mod worker;
