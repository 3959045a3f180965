//! Sets that start with all agents at once, of which one agent or one mongod is killed at any moment.

use std::{
    env,
    io::{self, Write},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::sleep;

use crate::support::agents::Set;

/// Few, unless somebody asks for more.
const RUNS: u64 = 2;

/// A set is being made until then, and is ready by the other: half of the kills fall before the first.
const LATEST_KILLS: [u64; 2] = [2_500, 8_000];

/// Numbers that are the same for the same seed (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn asked(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// Not by a macro, whose output the test harness would keep to itself.
fn say(sentence: &str) {
    let _ = io::stderr().write_all(format!("{sentence}\n").as_bytes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_set_comes_of_it_whoever_is_killed_at_whatever_moment() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = asked("AGENT_SEED").unwrap_or(now.as_secs());
    let runs = asked("AGENT_RUNS").unwrap_or(RUNS);
    for run in 0..runs {
        if Set::empty().is_none() {
            return;
        }
        let begun = SystemTime::now();
        let what = one_run(&mut Chance(seed.wrapping_add(run))).await;
        say(&format!(
            "seed {}: {what}: one set after {:.1} s",
            seed + run,
            begun.elapsed().unwrap().as_secs_f64()
        ));
    }
}

async fn one_run(chance: &mut Chance) -> String {
    let mut set = Set::start(3).unwrap();
    let latest = LATEST_KILLS[usize::try_from(chance.below(2)).unwrap()];
    let (moment, pause) = (chance.below(latest), chance.below(2_000));
    let ordinal = u8::try_from(chance.below(3)).unwrap();
    let of_mongod = chance.below(2) == 0;
    sleep(Duration::from_millis(moment)).await;
    let mut made = 0;
    if of_mongod {
        set.server(ordinal).kill();
        sleep(Duration::from_millis(pause)).await;
        set.server(ordinal).start_again();
    } else {
        set.agent(ordinal).kill();
        made += sets_made(&mut set, ordinal);
        sleep(Duration::from_millis(pause)).await;
        set.start_agent(ordinal, 3);
    }
    let primary = set.settled(3).await;
    let id = set.id(0).await;
    for ordinal in 0..3 {
        assert_eq!(set.id(ordinal).await, id);
        made += sets_made(&mut set, ordinal);
    }
    // Whoever is killed right after cannot say so any more.
    assert!(made <= 1, "{made} sets were made");
    set.assert_users(primary).await;
    let who = if of_mongod { "mongod" } else { "agent" };
    format!("{who} {ordinal} killed after {moment} ms, for {pause} ms")
}

fn sets_made(set: &mut Set, ordinal: u8) -> usize {
    set.agent(ordinal).so_far().iter().filter(|line| line.contains("made the set")).count()
}
