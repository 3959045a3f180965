//! Whether two clocks agree: tokens and sessions are judged by the time, and by more than one machine.

use jiff::Timestamp;

use crate::domain::finding::Finding;

pub const CHECK: &str = "clock";

const WARNING: u64 = 5;
/// Others let a token be this much off, and no more.
const WRONG: u64 = 30;

pub fn judge(whose: &str, theirs: Timestamp, ours: Timestamp) -> Finding {
    let apart = theirs.duration_since(ours).as_secs();
    let which = if apart < 0 { "behind" } else { "ahead of" };
    let what = format!("{whose} is {} s {which} this machine", apart.unsigned_abs());
    let advice = "let both machines keep their time by NTP (`timedatectl status`)";
    match apart.unsigned_abs() {
        apart if apart <= WARNING => Finding::fine(CHECK, format!("{whose} agrees with this machine")),
        apart if apart <= WRONG => Finding::warning(CHECK, what, advice),
        _ => Finding::wrong(CHECK, what, advice),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::finding::State;

    #[test]
    fn a_clock_may_be_a_little_off_and_not_much() {
        let ours = Timestamp::UNIX_EPOCH;
        for (seconds, state) in [
            (0, State::Fine),
            (-5, State::Fine),
            (6, State::Warning),
            (-30, State::Warning),
            (31, State::Wrong),
        ] {
            let found = judge("its clock", ours + SignedDuration::from_secs(seconds), ours);
            assert_eq!(found.state, state, "{found:?}");
        }
        let behind = judge("its clock", ours - SignedDuration::from_secs(40), ours);
        assert_eq!(behind.what, "its clock is 40 s behind this machine");
    }
}
