//! The first user of a set, and of a set without users the only one that may be made: ourselves.

use mongodb::bson::doc;

use super::{
    super::{mongod::Mongod, passwords::Password, trouble::Trouble},
    User,
};

/// With a role of the server's, because who is nobody cannot make one of our own; as ourselves we then take the lesser one.
pub(in super::super) async fn make_first(as_nobody: &Mongod, password: &Password) -> Result<(), Trouble> {
    let create = doc! {
        "createUser": User::Agent.name(),
        "pwd": password.reveal(),
        "roles": [{ "role": "userAdminAnyDatabase", "db": "admin" }],
        "mechanisms": ["SCRAM-SHA-256"],
        "writeConcern": { "w": "majority", "wtimeout": 3_000 },
    };
    as_nobody.run(create).await?;
    tracing::info!(account = User::Agent.name(), "made the first user");
    Ok(())
}
