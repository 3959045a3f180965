//! What a store promises, and what each of the two promises besides.

mod contract;
mod mongo;
mod sqlite;
