//! Statements by name, and the list of them that a test goes through.

/// Names each statement, and lists all of them for the test that asks SQLite how it would carry them out.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+

        #[cfg(test)]
        pub(super) const ALL: &[&str] = &[$($name),+];
    };
}
pub(super) use statements;

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::{
        attempts, changes, events, one_time, outlets, schema, sessions, settings, signing_keys, users, vitals,
    };

    fn migrated() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        schema::migrate(&connection, jiff::Timestamp::UNIX_EPOCH).unwrap();
        connection
    }

    fn plan(connection: &Connection, statement: &str) -> Vec<String> {
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        // Parameters left out are NULL, which changes no plan.
        let steps = explained.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>();
        steps.unwrap()
    }

    #[test]
    fn no_statement_reads_a_whole_table() {
        let connection = migrated();
        let all = [
            users::ALL,
            sessions::ALL,
            one_time::ALL,
            settings::ALL,
            signing_keys::ALL,
            events::ALL,
            changes::ALL,
            attempts::ALL,
            outlets::ALL,
            vitals::ALL,
        ]
        .concat();
        assert!(all.len() > 10, "the list lost statements");
        for statement in all {
            let plan = plan(&connection, statement);
            assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{statement}\n{plan:#?}");
        }
    }

    #[test]
    fn a_scan_would_be_noticed() {
        let plan = plan(&migrated(), "SELECT id FROM users WHERE status = 'active'");
        assert!(plan.iter().any(|step| step.starts_with("SCAN")), "{plan:#?}");
    }
}
