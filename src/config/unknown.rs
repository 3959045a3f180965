//! Variables with our prefix that are not ours: misspelt ones, and those that Kubernetes writes by itself.

use super::{agent::AGENT_VARIABLES, surroundings::Sources, variable::PREFIX, variables::VARIABLES};

/// What other services call a thing, at the beginning of its name, and what it is called here.
const ELSEWHERE: [(&str, &str); 5] = [
    ("DATABASE", "PORTCULLIS_STORE_URL"),
    ("DB", "PORTCULLIS_STORE_URL"),
    ("MONGO", "PORTCULLIS_STORE_URL"),
    ("ORIGIN", "PORTCULLIS_PUBLIC_ORIGIN"),
    ("URL", "PORTCULLIS_PUBLIC_ORIGIN"),
];

/// One sentence about all of them, or nothing.
pub(super) fn warning(sources: &Sources) -> Option<String> {
    let vars = sources.vars.iter().map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy()));
    let vars: Vec<_> = vars.collect();
    warning_about(vars.iter().map(|(name, value)| (&**name, &**value)))
}

fn warning_about<'a>(vars: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let ours = names();
    let unknown = vars.filter(|(name, value)| {
        name.starts_with(PREFIX) && !ours.iter().any(|known| known == name) && !is_injected(name, value)
    });
    let unknown: Vec<String> = unknown.map(|(name, _)| with_suggestion(name, &ours)).collect();
    (!unknown.is_empty()).then(|| format!("unknown variables are ignored: {}", unknown.join(", ")))
}

/// Of the service and of the agent: one image sets variables of both.
fn names() -> Vec<String> {
    VARIABLES
        .iter()
        .chain(AGENT_VARIABLES)
        .flat_map(|variable| [Some(variable.name.to_owned()), variable.file_name()])
        .flatten()
        .collect()
}

/// Whether Kubernetes wrote it, for a Service whose name begins with ours.
///
/// It writes an address, so that a person's `PORTCULLIS_PORT=8080` is told apart.
fn is_injected(name: &str, value: &str) -> bool {
    let after_port = name.split_once("_PORT_").map(|(_, rest)| rest.split('_').collect::<Vec<_>>());
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && value.contains("://"))
        || matches!(after_port.as_deref(), Some([number, "TCP" | "UDP" | "SCTP", rest @ ..])
            if number.parse::<u16>().is_ok() && matches!(rest, [] | ["ADDR" | "PORT" | "PROTO"]))
}

fn with_suggestion(name: &str, ours: &[String]) -> String {
    let shown = name.escape_debug();
    match misspelt(name, ours).or_else(|| called_elsewhere(name)) {
        Some(known) => format!("{shown} (did you mean {known}?)"),
        None => shown.to_string(),
    }
}

fn misspelt<'a>(name: &str, ours: &'a [String]) -> Option<&'a str> {
    let (distance, known) = ours.iter().map(|known| (distance(name, known), known)).min()?;
    (distance <= 3).then_some(known)
}

fn called_elsewhere(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix(PREFIX)?.to_ascii_uppercase();
    ELSEWHERE.iter().find(|(theirs, _)| name.starts_with(theirs)).map(|(_, ours)| *ours)
}

/// How many letters have to be typed, dropped or changed to make one name of the other, in any letter case.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let previous = std::mem::replace(&mut row, vec![before]);
        for (above, right) in previous.iter().skip(1).zip(b.bytes()) {
            let change = diagonal + usize::from(!left.eq_ignore_ascii_case(&right));
            before = change.min(above + 1).min(before + 1);
            diagonal = *above;
            row.push(before);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_single_letters() {
        for (a, b, expected) in
            [("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("LISTEN", "listen", 0)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn a_name_that_others_give_a_thing_leads_to_ours() {
        for (name, ours) in [
            ("PORTCULLIS_DATABASE_URL", "PORTCULLIS_STORE_URL"),
            ("PORTCULLIS_DB_URI", "PORTCULLIS_STORE_URL"),
            ("PORTCULLIS_MONGODB_URI", "PORTCULLIS_STORE_URL"),
            ("PORTCULLIS_ORIGIN", "PORTCULLIS_PUBLIC_ORIGIN"),
            ("PORTCULLIS_URL", "PORTCULLIS_PUBLIC_ORIGIN"),
        ] {
            let said = warning_about([(name, "x")].into_iter()).unwrap();
            assert_eq!(said, format!("unknown variables are ignored: {name} (did you mean {ours}?)"));
            assert!(names().iter().any(|known| known == ours), "{ours}");
        }
        assert_eq!(warning_about([("PORTCULLIS_MONGO_PORT", "tcp://10.96.0.7:27017")].into_iter()), None);
    }

    #[test]
    fn a_port_that_a_person_wrote_is_not_taken_for_one_of_kubernetes() {
        assert!(is_injected("PORTCULLIS_PORT", "tcp://10.0.0.1:3000"));
        assert!(!is_injected("PORTCULLIS_PORT", "3000"));
        assert!(!is_injected("PORTCULLIS_PUBLIC_PORT_3000_XTP", "x"));
        assert!(!is_injected("PORTCULLIS_PUBLIC_PORT_3000_TCP_ADDR_X", "x"));
    }
}
