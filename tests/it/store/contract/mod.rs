//! The contract: every case a store must keep, each a test of its own name in every backend.
//!
//! A backend takes part with `contract!(name, fresh)`, where `fresh` is an `async fn() -> Option<impl Database>`: a new,
//! empty database, or `None` where there is no server to make one on, which `fresh` says aloud.

pub(crate) mod attempts;
pub(crate) mod changes;
pub(crate) mod crowds;
pub(crate) mod events;
pub(crate) mod listings;
pub(crate) mod mailbox;
pub(crate) mod migrations;
pub(crate) mod one_time;
pub(crate) mod outlets;
pub(crate) mod purge;
pub(crate) mod races;
pub(crate) mod rotations;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod transfer;
pub(crate) mod users;

use std::sync::Arc;

use async_trait::async_trait;
use portcullis::store::Store;

use crate::support::people::People;

/// A database for one test, empty when it is made.
#[async_trait]
pub(crate) trait Database: Send + Sync {
    /// Opens it as one replica would, without migrating; more than once as more replicas would.
    async fn open(&self) -> Arc<dyn Store>;

    /// Writes `version` where the schema's version stands, as a later release would have.
    /// `false` where no other release can ever meet this database.
    async fn set_schema_version(&self, version: u32) -> bool;

    /// Removes it; not called for a test that failed.
    async fn remove(&self) {}
}

/// Runs a case that brings its own idea of when to migrate.
pub(crate) async fn with_database<D: Database>(fresh: Option<D>, case: impl AsyncFnOnce(&dyn Database)) {
    let Some(database) = fresh else { return };
    case(&database).await;
    database.remove().await;
}

/// Runs a case on a store that is ready to serve.
pub(crate) async fn with_store<D: Database>(
    fresh: Option<D>,
    case: impl AsyncFnOnce(Arc<dyn Store>, &People),
) {
    with_database(fresh, async |database: &dyn Database| {
        let (store, people) = (database.open().await, People::new());
        store.migrate(people.now()).await.unwrap();
        case(Arc::clone(&store), &people).await;
        store.close().await;
    })
    .await;
}

/// Makes a test of every case, so that the first failure hides none of the others.
macro_rules! contract {
    ($backend:ident, $fresh:path) => {
        mod $backend {
            use super::*;

            $crate::store::contract::cases! { with_store, $fresh;
                users::an_address_is_taken_once,
                users::an_address_is_taken_in_every_spelling,
                users::an_id_is_taken_once,
                users::a_user_reads_back_exactly,
                users::a_disabled_user_with_a_foreign_hash_reads_back_exactly,
                users::an_unknown_user_is_none,
                users::replacing_a_user_raises_its_revision,
                users::a_replaced_user_reads_back_exactly,
                users::a_stale_replacement_is_refused,
                users::replacing_an_unknown_user_is_stale,
                users::replacing_a_user_cannot_take_somebody_s_address,
                users::a_new_address_replaces_the_old_one,
                users::a_kept_session_is_replaced_and_forgotten,
                crowds::a_crowd_is_added_and_reads_back_exactly,
                crowds::of_a_crowd_those_who_were_there_are_told_from_those_whose_address_is_taken,
                crowds::of_two_in_a_crowd_who_want_the_same_one_gets_it,
                crowds::of_ten_who_add_the_same_crowd_each_user_is_added_by_one,
                sessions::a_session_reads_back_with_its_user,
                sessions::a_session_from_nowhere_reads_back_exactly,
                sessions::a_session_shows_its_user_as_it_is_now,
                sessions::an_unknown_secret_is_none,
                sessions::a_session_without_its_user_is_none,
                sessions::a_session_s_secret_is_taken_once,
                sessions::a_user_may_have_many_sessions,
                sessions::an_ended_session_says_when_and_why,
                sessions::a_session_ends_once,
                sessions::ending_one_session_leaves_the_others,
                sessions::being_seen_moves_a_session_forward,
                sessions::being_seen_never_moves_a_session_back,
                sessions::of_two_sightings_in_one_moment_the_longer_grant_stays,
                sessions::an_ended_session_is_not_seen_any_more,
                sessions::an_expired_session_is_handed_over_for_the_caller_to_judge,
                rotations::a_rotated_session_reads_back_exactly,
                rotations::a_session_is_found_by_its_present_and_its_previous_secret,
                rotations::an_older_generation_is_not_rotated_again,
                rotations::an_ended_session_is_not_rotated_any_more,
                rotations::a_rotation_never_moves_a_session_back,
                rotations::a_previous_secret_is_taken_once,
                listings::a_user_s_sessions_are_listed_the_newest_first,
                listings::what_ended_or_expired_is_not_listed,
                listings::no_more_are_listed_than_the_bound,
                signing_keys::keys_read_back_exactly_and_by_their_number,
                signing_keys::a_key_s_number_and_its_id_are_taken_once,
                signing_keys::a_removed_key_is_gone_and_its_number_free,
                signing_keys::of_fifty_who_add_a_number_one_does,
                events::events_read_back_exactly_and_the_newest_first,
                events::no_more_events_are_read_than_were_asked_for,
                events::an_event_is_added_once,
                events::an_event_of_nobody_reads_back_exactly,
                events::events_are_found_by_their_kind_and_their_time,
                events::events_are_sealed_once_and_read_in_their_order,
                events::a_place_in_the_chain_is_one_event_s,
                events::of_many_who_seal_at_once_nobody_leaves_a_hole,
                events::a_whole_batch_is_sealed_at_once,
                events::an_expired_event_is_read_no_more,
                events::what_another_release_wrote_is_read_sealed_and_listed,
                events::what_is_written_of_somebody_who_is_gone_tells_nothing_in_the_end,
                mailbox::letters_and_challenges_read_back_exactly,
                mailbox::whoever_has_waited_longest_is_written_to_first,
                mailbox::whoever_is_gone_is_erased_with_what_is_theirs_and_nobody_else,
                attempts::a_count_runs_to_its_end_and_begins_anew,
                attempts::a_count_that_is_full_is_looked_at_and_not_written,
                attempts::of_fifty_who_count_at_once_each_counts,
                attempts::what_was_taken_back_was_never_tried,
                attempts::the_latest_that_is_taken_back_keeps_nobody_waiting,
                attempts::few_tries_are_forgotten_sooner_than_many,
                attempts::tries_wait_as_long_as_the_curve_says,
                attempts::whoever_waits_for_one_counter_or_at_a_gate_counts_in_none,
                attempts::c_51_fifteen_different_pairs_in_three_hours_make_a_network_wait_a_day,
                attempts::of_thirty_pairs_at_once_one_makes_the_network_wait_or_two,
                attempts::every_count_that_runs_is_listed_once,
                attempts::r_01_of_fifty_who_try_at_once_as_many_may_as_may,
                mailbox::what_has_ended_is_among_all_sessions,
                changes::the_first_answer_is_everything_and_then_nothing,
                changes::what_is_written_here_is_told,
                changes::an_answer_holds_all_that_had_changed,
                changes::signing_in_and_being_seen_are_not_told,
                changes::a_change_is_told_although_its_caller_has_gone,
                changes::two_who_listen_are_both_told,
                changes::whoever_gives_up_asking_misses_nothing,
                one_time::a_record_is_consumed_once_and_reads_back_exactly,
                one_time::a_record_without_facts_reads_back_exactly,
                one_time::an_unknown_record_is_none,
                one_time::a_record_serves_its_purpose_only,
                one_time::a_record_expires_to_the_millisecond,
                one_time::a_record_s_secret_is_taken_once,
                races::of_fifty_who_want_an_address_one_gets_it,
                races::f_35_of_fifty_who_sign_up_with_an_address_or_move_there_one_gets_it,
                races::of_fifty_replacements_of_one_revision_one_succeeds,
                races::of_fifty_who_end_a_session_one_is_told_so,
                races::of_fifty_who_consume_a_record_one_gets_it,
                races::of_fifty_sightings_the_latest_stays,
                races::f_36_of_fifty_rotations_of_one_generation_one_succeeds,
                races::f_44_a_rotation_never_follows_the_end,
                transfer::what_is_exported_is_imported_exactly,
                transfer::an_export_is_in_the_order_of_ids_and_in_batches,
                transfer::an_export_is_of_one_moment,
                transfer::an_export_that_is_dropped_keeps_nobody_waiting,
                transfer::an_import_begins_with_nothing,
                transfer::an_address_is_imported_once,
                transfer::a_store_is_none_to_serve_from_until_the_import_has_ended,
                outlets::an_outlet_is_one_s_until_its_time_is_over_or_it_is_left,
                outlets::an_outlet_goes_on_where_it_was_whoever_has_it,
                outlets::whoever_has_lost_an_outlet_notes_nothing,
                outlets::what_was_taken_up_for_longer_than_anybody_may_is_free,
                outlets::of_fifty_who_want_an_outlet_one_gets_it,
                outlets::outlets_know_nothing_of_each_other,
                outlets::after_an_import_an_outlet_goes_on_behind_it,
                purge::what_has_not_expired_stays,
                purge::an_expired_session_is_kept_for_thirty_days,
                migrations::a_probe_reads_and_writes,
                migrations::a_pool_is_never_busier_than_it_is_large,
                migrations::migrating_again_changes_nothing,
            }

            $crate::store::contract::cases! { with_database, $fresh;
                migrations::eight_who_migrate_a_fresh_database_all_succeed,
                migrations::a_schema_from_the_future_is_refused_in_a_sentence,
                migrations::looking_changes_nothing,
                migrations::closing_twice_is_harmless,
                transfer::a_store_that_nobody_has_migrated_is_not_read,
                changes::what_another_writes_is_told_within_a_second,
            }
        }
    };
}
pub(crate) use contract;

macro_rules! cases {
    ($with:ident, $fresh:path; $($subject:ident :: $case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::store::contract::$with($fresh().await, $crate::store::contract::$subject::$case).await;
            }
        )*
    };
}
pub(crate) use cases;
