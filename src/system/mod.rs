//! The impure leaves: the clock, the random source, keys, tokens and certificates, backups as files, and the threads that hash
//! passwords.

pub mod age;
pub mod archive;
pub mod aside;
pub mod certificate;
pub mod clock;
pub mod entropy;
pub mod hashing;
pub mod jitter;
pub mod jwt;
pub mod key_file;
pub mod lines;
pub mod meters;
pub mod process;
pub mod vault;
pub mod web;
pub mod x509;
