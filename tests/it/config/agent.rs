//! What the agent beside a mongod is told becomes its settings, or every reason why not.

use portcullis::{
    config::{AGENT_VARIABLES, ForAgent, Misconfigured, document},
    mongo_agent::Settings,
};

use super::sources;

fn read(vars: &[(&str, &str)]) -> Result<ForAgent<Settings>, Misconfigured> {
    ForAgent::read(&sources(vars.iter().copied()))
}

#[test]
fn every_declaration_is_a_field_that_takes_its_default_and_its_example() {
    assert_eq!(read(&[]).unwrap().warnings, Vec::<String>::new());
    for variable in AGENT_VARIABLES {
        let found = read(&[(variable.name, variable.example)]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.warnings, Vec::<String>::new(), "{}", variable.name);
        let chapter = format!("### `{}`\n", variable.name);
        assert_eq!(document().matches(&chapter).count(), 1, "{chapter}");
    }
}

#[test]
fn every_fault_of_the_agent_is_told_at_once() {
    let wrong = [
        ("PORTCULLIS_AGENT_POD", "mongodb"),
        ("PORTCULLIS_AGENT_NAMESPACE", "Portcullis"),
        ("PORTCULLIS_AGENT_MEMBERS", "0"),
        ("PORTCULLIS_AGENT_DATABASE", "admin"),
        ("PORTCULLIS_AGENT_LISTEN", "9001"),
        ("PORTCULLIS_AGENT_STEP_DOWN_LISTEN", "9002"),
        ("PORTCULLIS_AGENT_MONGOD", "localhost"),
        ("PORTCULLIS_AGENT_DOMAIN", ""),
        ("PORTCULLIS_AGENT_HOSTS", "mongo:27017"),
        ("PORTCULLIS_LOG_LEVEL", "inof"),
    ];
    let error = read(&wrong).expect_err("nothing is wrong");
    let faults: Vec<_> = error.faults.iter().map(|fault| fault.variable.as_str()).collect();
    // Empty means unset.
    let wrong: Vec<_> = wrong.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| *name).collect();
    assert_eq!(faults, wrong);
    let text = error.to_string();
    assert!(text.contains("\"0\": expected a whole number from 1 to 50, e.g. 3\n"), "{text}");
}

#[test]
fn inside_a_cluster_the_agent_is_told_who_it_is() {
    let error = read(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")]).expect_err("nothing is wrong");
    let faults: Vec<_> = error.faults.iter().map(|fault| fault.variable.as_str()).collect();
    assert_eq!(faults, ["PORTCULLIS_AGENT_POD", "PORTCULLIS_AGENT_NAMESPACE", "PORTCULLIS_AGENT_MEMBERS"]);
}

/// One image sets variables of the service, and has both programs in it.
#[test]
fn neither_program_takes_the_other_s_variables_for_misspelt_ones() {
    let both = [
        ("PORTCULLIS_PUBLIC_LISTEN", "0.0.0.0:3000"),
        ("PORTCULLIS_DATA_DIR", "/data"),
        ("PORTCULLIS_MAIL_URL", "smtp://mail.example.org"),
        ("PORTCULLIS_AGENT_POD", "mongodb-1"),
    ];
    assert_eq!(read(&both).unwrap().warnings, Vec::<String>::new());
    assert_eq!(super::good(&both).warnings, Vec::<String>::new());
    let warnings = read(&[("PORTCULLIS_AGENT_MEMEBRS", "3")]).unwrap().warnings;
    assert_eq!(
        warnings,
        ["unknown variables are ignored: PORTCULLIS_AGENT_MEMEBRS (did you mean PORTCULLIS_AGENT_MEMBERS?)"]
    );
}
