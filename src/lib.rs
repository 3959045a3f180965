//! Portcullis: signs people in, and keeps their sessions in SQLite or MongoDB.
//!
//! - [`domain`]: what is true, whatever the database or the protocol
//! - [`flows`]: what one can do, one verb per file
//! - [`store`]: what we remember
//! - [`mail`]: what we send
//! - [`outlets`]: how security events go out
//! - [`http`]: how the web reaches us
//! - `kube`: what we say to the Kubernetes API, where that is built in
//! - [`worker`]: what happens later and again and again
//! - [`mongo_agent`]: what runs beside each MongoDB server, and has nothing to do with the service
//! - [`system`]: clock, randomness, the hashing pool
//! - [`config`], [`cli`], [`telemetry`]: what we are told, by whom, and what we say
//! - [`app`]: puts all of it together

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod flows;
pub mod http;
#[cfg(feature = "kube")]
pub mod kube;
pub mod mail;
pub mod mongo_agent;
pub mod outlets;
pub mod store;
pub mod system;
pub mod telemetry;
pub mod worker;
