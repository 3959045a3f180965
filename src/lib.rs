//! Portcullis: signs people and workloads in, and tells every other service who is calling.
//!
//! - [`cli`]: the commands, one file each
//! - [`config`]: what the environment decides
//! - [`domain`]: what is true, whatever the database or the protocol
//! - [`flows`]: what one can do, one verb per file
//! - [`store`]: what we remember
//! - [`system`]: clock, randomness, the hashing pool
pub mod cli;
pub mod config;
pub mod domain;
pub mod flows;
pub mod store;
pub mod system;
