//! What the agent counts, in the text that Prometheus reads.

use std::fmt::Write as _;

use super::{
    board::Board,
    hello::{Seat, Standing},
};

pub(super) fn metrics_of(board: &Board) -> String {
    let seat = match &board.standing {
        Some(Standing::Member(seat)) => Some(seat),
        _ => None,
    };
    let mut text = String::new();
    states(&mut text, board.standing.as_ref());
    let primary = board.standing.as_ref().is_some_and(Standing::is_primary);
    gauge(&mut text, "primary", "Whether our mongod is primary.", Some(i32::from(primary)));
    gauge(&mut text, "ready", "Whether our mongod is ready.", Some(i32::from(board.readiness().is_ok())));
    gauge(
        &mut text,
        "members",
        "Members of the set, by our mongod's account.",
        seat.map(|seat: &Seat| seat.members),
    );
    let lag = board.lag.map(|lag| lag.as_secs_f64());
    gauge(&mut text, "lag_seconds", "How far our mongod is behind the primary.", lag);
    gauge(&mut text, "connections", "Connections that our mongod has.", board.connections);
    counter(&mut text, "rounds_total", "Rounds of the agent.", board.rounds);
    counter(&mut text, "failures_total", "Rounds of the agent in which something was wrong.", board.failures);
    text
}

fn states(text: &mut String, standing: Option<&Standing>) {
    let current = standing.map_or("silent", Standing::word);
    head(text, "state", "gauge", "What our mongod is: 1 for the one that it is.");
    for word in Standing::WORDS.into_iter().chain(["silent"]) {
        _ = writeln!(text, "portcullis_mongo_agent_state{{state=\"{word}\"}} {}", i32::from(word == current));
    }
}

/// What nobody can say is left out.
fn gauge(text: &mut String, name: &str, help: &str, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        head(text, name, "gauge", help);
        _ = writeln!(text, "portcullis_mongo_agent_{name} {value}");
    }
}

fn counter(text: &mut String, name: &str, help: &str, value: u64) {
    head(text, name, "counter", help);
    _ = writeln!(text, "portcullis_mongo_agent_{name} {value}");
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    _ = writeln!(
        text,
        "# HELP portcullis_mongo_agent_{name} {help}\n# TYPE portcullis_mongo_agent_{name} {kind}"
    );
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        super::{board::tests::member, hello::Role},
        *,
    };

    #[test]
    fn what_is_known_is_counted_and_what_is_not_is_left_out() {
        let mut board = Board::empty();
        let text = metrics_of(&board);
        assert!(text.contains("portcullis_mongo_agent_state{state=\"silent\"} 1\n"), "{text}");
        assert!(!text.contains("lag_seconds") && !text.contains("members"), "{text}");

        board.standing = Some(member(Role::Secondary));
        (board.lag, board.connections, board.rounds) = (Some(Duration::from_millis(1_500)), Some(7), 3);
        let text = metrics_of(&board);
        for line in [
            "state{state=\"secondary\"} 1",
            "state{state=\"silent\"} 0",
            "primary 0",
            "ready 1",
            "members 3",
            "lag_seconds 1.5",
            "connections 7",
            "rounds_total 3",
            "failures_total 0",
        ] {
            assert!(text.contains(&format!("portcullis_mongo_agent_{line}\n")), "{line} is missing: {text}");
        }
    }
}
