//! The pool as its callers see it, at costs that take milliseconds.

use std::{fs, pin::pin, thread};

use futures_util::{future::join_all, poll};

use super::{queue::Next, *};
use crate::domain::{algorithm::Algorithm, stored_hash::StoredHash};

/// As usual, but slow machines fail no test.
const PATIENT: Terms = Terms { patience: Duration::from_mins(1), ..Terms::USUAL };

const fn room(cores: usize) -> Room {
    Room { cores, memory: u64::MAX }
}

fn small() -> Cost {
    Cost::new(10, 8, 1).unwrap()
}

fn candidate() -> Candidate {
    Candidate::try_from("correct horse").unwrap()
}

fn recipe(cost: Cost) -> Recipe {
    Recipe::new(cost, [5; 16])
}

fn is_right(derived: &Derived, recipe: &Recipe) -> bool {
    let mut expected = vec![0; recipe.length];
    let Algorithm::Scrypt(cost) = recipe.algorithm else { panic!("scrypt was asked for") };
    let params = scrypt::Params::new(cost.log_n(), cost.r(), cost.p()).unwrap();
    scrypt::scrypt(candidate().as_bytes(), &recipe.salt, &params, &mut expected).unwrap();
    StoredHash::new(recipe.clone(), &Derived::new(expected)).matches(derived)
}

/// Plays the slot of a pool without threads: fetches a job and keeps it.
fn fetch(pool: &HashingPool) -> backlog::Job {
    match pool.queue.next(None) {
        Next::Compute(job) => job,
        Next::Rest | Next::Stop => panic!("there should be a job"),
    }
}

/// Waits for what another thread will do, and fails when it does not.
fn eventually(what: &str, mut happens: impl FnMut() -> bool) {
    let soon = (0..1000).any(|_| {
        happens() || {
            thread::sleep(Duration::from_millis(10));
            false
        }
    });
    assert!(soon, "{what}");
}

#[tokio::test]
async fn it_computes_what_scrypt_computes_again_and_again_in_the_same_memory() {
    let pool = HashingPool::start_on(PATIENT, small(), room(1)).unwrap();
    for cost in [small(), Cost::new(4, 1, 1).unwrap(), Cost::new(6, 8, 3).unwrap(), small()] {
        let derived = pool.derive(candidate(), recipe(cost), None).await.unwrap();
        assert!(is_right(&derived, &recipe(cost)), "{cost}");
    }
}

#[tokio::test]
async fn many_at_once_all_get_their_own() {
    let pool = HashingPool::start_on(PATIENT, small(), room(2)).unwrap();
    let recipes: Vec<_> = (0..50).map(|salt| Recipe::new(small(), [salt; 16])).collect();
    let derived = join_all(recipes.iter().map(|recipe| pool.derive(candidate(), recipe.clone(), None))).await;
    for (derived, recipe) in derived.iter().zip(&recipes) {
        assert!(is_right(derived.as_ref().unwrap(), recipe));
    }
    assert_eq!(pool.load(), Load { slots: 2, busy: 0, queued: 0, wait: Duration::ZERO });
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_until_somebody_goes_away() {
    // One is foreseen to take 2.7 ms.
    let terms = Terms { deadline: Duration::from_millis(9), ..PATIENT };
    let pool = HashingPool::without_threads(terms, small(), room(1)).unwrap();
    let ask = || pool.derive(candidate(), recipe(small()), None);

    let mut first = pin!(ask());
    assert!(poll!(first.as_mut()).is_pending());
    let _running = fetch(&pool);
    let mut waiting = [Box::pin(ask()), Box::pin(ask())];
    for waiting in &mut waiting {
        assert!(poll!(waiting).is_pending());
    }
    assert_eq!((pool.load().busy, pool.load().queued), (1, 2));
    assert_eq!(pool.load().wait, Duration::from_nanos(3 * 350_000_000 / 128));
    assert_eq!(ask().await.unwrap_err(), Refused::Full { retry_after: Duration::from_secs(1) });

    drop(waiting);
    assert_eq!((pool.load().busy, pool.load().queued), (1, 0));
    let mut next = pin!(ask());
    assert!(poll!(next.as_mut()).is_pending());
}

#[tokio::test]
async fn who_goes_away_is_not_computed() {
    let pool = HashingPool::without_threads(PATIENT, small(), room(1)).unwrap();
    let mut gone = Box::pin(pool.derive(candidate(), Recipe::new(small(), [1; 16]), None));
    let mut stays = pin!(pool.derive(candidate(), Recipe::new(small(), [2; 16]), None));
    assert!(poll!(gone.as_mut()).is_pending());
    assert!(poll!(stays.as_mut()).is_pending());
    drop(gone);
    assert_eq!(fetch(&pool).recipe.salt, [2; 16]);
}

#[tokio::test]
async fn nobody_waits_longer_than_a_request_may() {
    let terms = Terms { patience: Duration::from_millis(5), ..Terms::USUAL };
    let pool = HashingPool::without_threads(terms, small(), room(1)).unwrap();
    let refused = pool.derive(candidate(), recipe(small()), None).await.unwrap_err();
    assert_eq!(refused, Refused::Full { retry_after: Duration::from_secs(1) });
    assert_eq!(pool.load().queued, 0);
}

#[tokio::test]
async fn a_panic_costs_one_answer_and_no_slot() {
    let pool = HashingPool::start_on(PATIENT, small(), room(1)).unwrap();
    let impossible = Recipe { length: usize::MAX, ..recipe(small()) };
    assert_eq!(pool.derive(candidate(), impossible, None).await.unwrap_err(), Refused::Stopped);
    assert_eq!(pool.load().busy, 0);
    assert!(pool.derive(candidate(), recipe(small()), None).await.is_ok());
}

#[tokio::test]
async fn a_dearer_stored_hash_is_computed_where_the_limit_leaves_room() {
    let (dear, too_dear) = (Cost::new(11, 8, 1).unwrap(), Cost::new(12, 8, 1).unwrap());
    let memory = Room::BASE + (small().memory() + dear.memory()) as u64;
    let pool = HashingPool::start_on(PATIENT, small(), Room { cores: 2, memory }).unwrap();
    let derived = join_all([0; 4].map(|_| pool.derive(candidate(), recipe(dear), None))).await;
    assert!(derived.iter().all(|derived| is_right(derived.as_ref().unwrap(), &recipe(dear))));
    assert_eq!(pool.derive(candidate(), recipe(too_dear), None).await.unwrap_err(), Refused::TooDear);
}

#[tokio::test]
async fn after_the_end_it_refuses_and_what_was_taken_is_answered() {
    let pool = HashingPool::start_on(PATIENT, small(), room(1)).unwrap();
    let mut taken: Vec<_> =
        (0..3).map(|_| Box::pin(pool.derive(candidate(), recipe(small()), None))).collect();
    for taken in &mut taken {
        let _ = poll!(taken);
    }
    pool.stop();
    assert_eq!(pool.derive(candidate(), recipe(small()), None).await.unwrap_err(), Refused::Stopped);
    assert!(pool.threads.lock().unwrap().is_empty());
}

#[test]
fn where_no_hash_fits_there_is_no_pool() {
    let room = Room { cores: 2, memory: 128 << 20 };
    let refusal = HashingPool::start(Cost::STANDARD, room).err().unwrap().to_string();
    assert!(refusal.starts_with("PORTCULLIS_PASSWORD_COST: "), "{refusal}");
    assert!(HashingPool::start(Cost::LOW_MEMORY, room).is_ok());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_is_kept_for_the_next_hash_and_given_back_when_there_is_none() {
    fn resident() -> u64 {
        let pages = fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
    }
    const HALF: u64 = Cost::STANDARD.memory() as u64 / 2;
    let before = resident();

    let keeps = HashingPool::start_on(PATIENT, Cost::STANDARD, room(1)).unwrap();
    assert!(resident() < before + HALF, "nothing is taken before the first hash");
    keeps.derive(candidate(), recipe(Cost::STANDARD), None).await.unwrap();
    assert!(resident() > before + HALF, "it is kept");
    keeps.stop();
    assert!(resident() < before + HALF, "it is given back at the end");

    let terms = Terms { idle: Duration::from_millis(50), ..PATIENT };
    let gives = HashingPool::start_on(terms, Cost::STANDARD, room(1)).unwrap();
    gives.derive(candidate(), recipe(Cost::STANDARD), None).await.unwrap();
    eventually("it is given back after a while", || resident() < before + HALF);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_slot_has_a_name_and_the_lowest_priority() {
    const SCHED_IDLE: &str = "5";
    let pool = HashingPool::start_on(PATIENT, small(), room(3)).unwrap();
    let idle = |name: &str| {
        let tasks = fs::read_dir("/proc/self/task").unwrap();
        let stats = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("stat")).ok());
        let of_name: Vec<_> = stats.filter(|stat| stat.contains(&format!("({name})"))).collect();
        let policy = |stat: &String| {
            stat.rsplit_once(") ").and_then(|(_, fields)| fields.split(' ').nth(38)) == Some(SCHED_IDLE)
        };
        !of_name.is_empty() && of_name.iter().all(policy)
    };
    for name in ["hash-0", "hash-1", "hash-2"] {
        eventually(name, || idle(name));
    }
    drop(pool);
}
