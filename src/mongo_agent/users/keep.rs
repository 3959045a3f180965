//! Keeps users and roles as they should be: made where they are missing, changed where they differ, left alone where not.

use std::path::Path;

use mongodb::bson::{Bson, Document, doc};

use super::{
    User,
    roles::{Privilege, is_right, privileges, role_of},
};
use crate::mongo_agent::{
    mongod::Mongod,
    names::{Database, Host},
    passwords::{NoPassword, Password},
    trouble::Trouble,
};

/// Makes and mends the users of the set whose primary is our own mongod.
pub(in crate::mongo_agent) struct Keeper<'a> {
    /// As the agent's user.
    pub(in crate::mongo_agent) primary: &'a Mongod,
    pub(in crate::mongo_agent) host: &'a Host,
    pub(in crate::mongo_agent) ca: Option<&'a Path>,
    pub(in crate::mongo_agent) database: &'a Database,
    pub(in crate::mongo_agent) folder: &'a Path,
}

/// The passwords of which we know that the server takes them.
#[derive(Debug, Default)]
pub(in crate::mongo_agent) struct Proven(Vec<(User, Password)>);

/// Why a user is not as it should be.
#[derive(Debug, thiserror::Error)]
pub(in crate::mongo_agent) enum NotKept {
    #[error(transparent)]
    NoPassword(#[from] NoPassword),
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Keeper<'_> {
    /// One after the other, ourselves first. What is wrong with one keeps none of the others from being looked after.
    pub(in crate::mongo_agent) async fn keep(&self, proven: &mut Proven) -> Vec<(User, NotKept)> {
        let mut wrong = Vec::new();
        for user in User::ALL {
            if let Err(reason) = self.keep_one(user, proven).await {
                wrong.push((user, reason));
            }
        }
        wrong
    }

    async fn keep_one(&self, user: User, proven: &mut Proven) -> Result<(), NotKept> {
        self.keep_role(user).await?;
        let password = Password::of(user, self.folder)?;
        let roles = doc! { "role": role_of(user), "db": "admin" };
        match self.user(user).await? {
            None => self.make(user, &password, roles).await?,
            Some(found) if has_role(&found, &roles) => {}
            Some(_) => {
                let update = doc! { "updateUser": user.name(), "roles": [roles] };
                self.write(user, "gave a user its role", update).await?;
            }
        }
        if proven.holds(user, &password) {
            return Ok(());
        }
        if !self.accepts(user, &password).await? {
            let update =
                doc! { "updateUser": user.name(), "pwd": password.reveal(), "mechanisms": ["SCRAM-SHA-256"] };
            self.write(user, "changed a password", update).await?;
        }
        proven.note(user, password);
        Ok(())
    }

    async fn keep_role(&self, user: User) -> Result<(), Trouble> {
        let Some(wanted) = privileges(user, self.database) else { return Ok(()) };
        let name = role_of(user);
        let (verb, done) = match self.role(name).await? {
            Some(role) if is_right(&role, &wanted) => return Ok(()),
            Some(_) => ("updateRole", "changed a role"),
            None => ("createRole", "made a role"),
        };
        let privileges: Vec<Bson> = wanted.iter().map(Privilege::to_bson).collect();
        self.write(user, done, doc! { verb: name, "privileges": privileges, "roles": [] }).await
    }

    async fn make(&self, user: User, password: &Password, roles: Document) -> Result<(), Trouble> {
        let create = doc! {
            "createUser": user.name(), "pwd": password.reveal(), "roles": [roles], "mechanisms": ["SCRAM-SHA-256"],
        };
        self.write(user, "made a user", create).await
    }

    /// As the server describes it.
    async fn role(&self, name: &str) -> Result<Option<Document>, Trouble> {
        let role = doc! { "role": name, "db": "admin" };
        let answer = self.primary.run(doc! { "rolesInfo": role, "showPrivileges": true }).await?;
        Ok(only(&answer, "roles"))
    }

    async fn user(&self, user: User) -> Result<Option<Document>, Trouble> {
        let user = doc! { "user": user.name(), "db": "admin" };
        Ok(only(&self.primary.run(doc! { "usersInfo": user }).await?, "users"))
    }

    async fn accepts(&self, user: User, password: &Password) -> Result<bool, Trouble> {
        match Mongod::as_user(self.host, self.ca, user, password)?.run(doc! { "ping": 1 }).await {
            Ok(_) => Ok(true),
            Err(Trouble::SignIn) => Ok(false),
            Err(trouble) => Err(trouble),
        }
    }

    async fn write(&self, user: User, done: &str, mut command: Document) -> Result<(), Trouble> {
        command.insert("writeConcern", doc! { "w": "majority", "wtimeout": 3_000 });
        self.primary.run(command).await?;
        tracing::info!(account = user.name(), "{done}");
        Ok(())
    }
}

impl Proven {
    fn holds(&self, user: User, password: &Password) -> bool {
        self.0.iter().any(|(of, proven)| *of == user && proven == password)
    }

    fn note(&mut self, user: User, password: Password) {
        self.0.retain(|(of, _)| *of != user);
        self.0.push((user, password));
    }
}

fn only(answer: &Document, list: &str) -> Option<Document> {
    answer.get_array(list).ok()?.first()?.as_document().cloned()
}

/// That one, and no other.
fn has_role(user: &Document, role: &Document) -> bool {
    let has = |found: &Bson| {
        let same = |key: &str| {
            found.as_document().and_then(|found| found.get_str(key).ok()) == role.get_str(key).ok()
        };
        same("role") && same("db")
    };
    user.get_array("roles").is_ok_and(|roles| roles.len() == 1 && roles.iter().all(has))
}
