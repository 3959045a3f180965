//! What a store promises, and what each of the two promises besides.

pub(crate) mod contract;
mod mongo;
mod sqlite;
