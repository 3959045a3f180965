//! Events go out beside the store: in their order, none left out, whoever dies meanwhile.

mod holes;
mod killed;
mod rounds;
mod scene;
