//! What the tests share: a clock that stands still, chance that repeats, and people to try things on.

pub(crate) mod agents;
pub(crate) mod authority;
pub(crate) mod browser;
pub(crate) mod bucket;
pub(crate) mod clock;
pub(crate) mod collector;
pub(crate) mod entropy;
pub(crate) mod events;
pub(crate) mod figures;
pub(crate) mod folder;
pub(crate) mod forge;
pub(crate) mod mail_server;
pub(crate) mod mongod;
pub(crate) mod nats_server;
pub(crate) mod patience;
pub(crate) mod people;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod puppet;
pub(crate) mod receiver;
pub(crate) mod records;
pub(crate) mod replica;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod stores;
pub(crate) mod wire;
