//! Who is let in, in which order they are served, and who is forgotten. No time passes here but where it says so.

use std::thread;

use super::*;
use crate::domain::{algorithm::Algorithm, cost::Cost};

type Answer = oneshot::Receiver<Result<Derived, Refused>>;

const DEADLINE: Duration = Duration::from_secs(4);

fn job(cost: Cost, dear: bool) -> (Job, Answer) {
    let (answer, receiver) = oneshot::channel();
    let candidate = Candidate::try_from("correct horse").unwrap();
    let recipe = Recipe::new(cost, [0; 16]);
    (
        Job {
            candidate,
            recipe,
            from: None,
            dear,
            answer,
            waiting_since: Stopwatch::start(),
            traced: Traced::waits(),
        },
        receiver,
    )
}

fn admit(backlog: &mut Backlog, cost: Cost) -> Result<Answer, Duration> {
    let (job, answer) = job(cost, false);
    backlog.admit(job).map(|()| answer)
}

fn fill(backlog: &mut Backlog) -> (Vec<Answer>, Duration) {
    let mut answers = Vec::new();
    loop {
        match admit(backlog, Cost::STANDARD) {
            Ok(answer) => answers.push(answer),
            Err(until) => return (answers, until),
        }
    }
}

#[test]
fn so_many_are_let_in_as_are_done_in_time() {
    // 4 s at 350 ms each.
    let (one, until) = fill(&mut Backlog::new(1, DEADLINE));
    assert_eq!((one.len(), until), (11, Duration::from_millis(200)));
    let (two, _) = fill(&mut Backlog::new(2, DEADLINE));
    assert_eq!(two.len(), 21, "the last one starts when both slots have done ten");
}

#[test]
fn what_runs_counts_like_what_waits() {
    let mut backlog = Backlog::new(2, DEADLINE);
    let (answers, until) = fill(&mut backlog);
    let started = [backlog.start().unwrap(), backlog.start().unwrap()];
    assert_eq!((backlog.busy(), backlog.queued()), (2, 19));
    assert!(admit(&mut backlog, Cost::STANDARD).unwrap_err() >= until, "as full as before");

    let [done, _running] = started;
    backlog.finish(done.work(), false, None);
    let _let_in = admit(&mut backlog, Cost::STANDARD).unwrap();
    assert_eq!(answers.len(), 21);
}

#[test]
fn cheap_hashes_are_let_in_in_larger_numbers() {
    let mut backlog = Backlog::new(1, DEADLINE);
    let admitted: Vec<_> = (0..).map_while(|_| admit(&mut backlog, Cost::NODE).ok()).collect();
    assert_eq!(admitted.len(), 91);
}

#[test]
fn the_first_to_come_is_the_first_to_start() {
    let mut backlog = Backlog::new(1, DEADLINE);
    let costs = [Cost::NODE, Cost::STANDARD, Cost::LOW_MEMORY];
    let _answers = costs.map(|cost| admit(&mut backlog, cost).unwrap());
    for cost in costs {
        assert_eq!(backlog.start().unwrap().recipe.algorithm, Algorithm::Scrypt(cost));
    }
    assert!(backlog.start().is_none());
}

#[test]
fn whoever_goes_away_leaves_the_queue_and_makes_room() {
    let mut backlog = Backlog::new(1, DEADLINE);
    let (mut answers, _) = fill(&mut backlog);
    drop(answers.drain(..10));
    assert_eq!(backlog.queued(), 1);
    let (more, _) = fill(&mut backlog);
    assert_eq!(more.len(), 10);
    drop(answers);
    assert_eq!(backlog.queued(), 10);
}

#[test]
fn what_nobody_waits_for_is_never_started() {
    let mut backlog = Backlog::new(1, DEADLINE);
    let (gone, stays) =
        (admit(&mut backlog, Cost::NODE).unwrap(), admit(&mut backlog, Cost::STANDARD).unwrap());
    drop(gone);
    assert!(backlog.can_start());
    assert_eq!(backlog.start().unwrap().recipe.algorithm, Algorithm::Scrypt(Cost::STANDARD));
    drop(stays);
    assert!(!backlog.can_start());
}

#[test]
fn what_waited_beyond_its_deadline_is_never_started() {
    let mut backlog = Backlog::new(1, Duration::from_millis(5));
    let mut answer = admit(&mut backlog, Cost::new(1, 1, 1).unwrap()).unwrap();
    thread::sleep(Duration::from_millis(10));
    assert!(!backlog.can_start());
    assert!(backlog.start().is_none());
    assert!(matches!(answer.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
}

#[test]
fn a_free_slot_takes_a_hash_that_seems_too_slow_so_that_a_bad_pace_can_mend() {
    let mut backlog = Backlog::new(2, DEADLINE);
    backlog.finish(Cost::STANDARD.work(), false, Some(Duration::from_mins(10)));
    let _first = admit(&mut backlog, Cost::STANDARD).unwrap();
    let _second = admit(&mut backlog, Cost::STANDARD).unwrap();
    assert!(admit(&mut backlog, Cost::STANDARD).is_err());
}

#[test]
fn one_dear_hash_runs_at_a_time_and_the_others_pass_it() {
    let mut backlog = Backlog::new(3, DEADLINE);
    let mut answers = Vec::new();
    for (cost, dear) in [(Cost::STANDARD, true), (Cost::STANDARD, true), (Cost::NODE, false)] {
        let (job, answer) = job(cost, dear);
        backlog.admit(job).unwrap();
        answers.push(answer);
    }
    let first = backlog.start().unwrap();
    assert!(first.dear);
    assert!(!backlog.start().unwrap().dear);
    assert!(!backlog.can_start());
    backlog.finish(first.work(), true, None);
    assert!(backlog.start().unwrap().dear);
}

fn admit_from(backlog: &mut Backlog, network: u8) -> Result<Answer, Duration> {
    let (job, answer) = job(Cost::STANDARD, false);
    backlog.admit(Job { from: Some([192, 0, 2, network].into()), ..job }).map(|()| answer)
}

fn gone(answers: &mut [Answer]) -> usize {
    let closed = oneshot::error::TryRecvError::Closed;
    answers.iter_mut().filter_map(|answer| answer.try_recv().err()).filter(|error| *error == closed).count()
}

#[test]
fn f_34_one_network_alone_has_the_whole_queue() {
    let mut backlog = Backlog::new(1, DEADLINE);
    let admitted: Vec<_> = (0..).map_while(|_| admit_from(&mut backlog, 1).ok()).collect();
    assert_eq!(admitted.len(), 11);
}

#[test]
fn f_34_in_a_full_queue_whoever_asks_for_most_makes_way_until_all_have_as_much() {
    let mut backlog = Backlog::new(1, DEADLINE);
    let mut greedy: Vec<_> = (0..).map_while(|_| admit_from(&mut backlog, 1).ok()).collect();
    let mut other: Vec<_> = (0..).map_while(|_| admit_from(&mut backlog, 2).ok()).collect();
    assert_eq!((other.len(), gone(&mut greedy), gone(&mut other)), (5, 5, 0));
    let from = Some([192, 0, 2, 3].into());
    assert!(backlog.has_room(Cost::STANDARD.work(), from).is_ok(), "there is room for a third");
    assert_eq!(backlog.queued(), 11);
}

#[test]
fn f_34_whoever_asks_once_does_not_wait_for_all_that_another_asks() {
    let mut backlog = Backlog::new(1, DEADLINE);
    let _greedy: Vec<_> = (0..8).map_while(|_| admit_from(&mut backlog, 1).ok()).collect();
    let first = backlog.start().unwrap();
    backlog.finish(first.work(), false, None);
    let _other = admit_from(&mut backlog, 2).unwrap();
    let turns: Vec<_> = std::iter::from_fn(|| backlog.start()).map(|job| job.from).collect();
    assert_eq!(turns.iter().position(|from| *from == Some([192, 0, 2, 2].into())), Some(1), "{turns:?}");
}
