//! What becomes of a mongod without a set: it waits, joins the set of others, or is the first of a new one.

use super::{
    hello::Standing,
    mongod::Mongod,
    names::{Host, Ordinal},
    passwords::Password,
    peers::Peers,
    session::{NoSession, Session},
    set_config::{SetConfig, initiate},
    settings::Settings,
    stage::Stage,
};

/// Decided from what everybody says of himself.
enum Entry {
    /// Nobody has a set, nor ever had one, and it is ours to make one.
    Initiate,
    /// Through this primary.
    Join(Host),
    Wait(Stage),
}

pub(super) async fn enter(
    settings: &Settings,
    own: &Mongod,
    standing: &Standing,
    was_a_member: bool,
    last: Option<&Password>,
) -> Stage {
    let peers = Peers::ask(settings).await;
    match decide(settings, standing, was_a_member, &peers) {
        Entry::Initiate => match own.run(initiate(&settings.own_host())).await {
            Ok(_) => Stage::Initiated(settings.own_host()),
            Err(trouble) => Stage::NotInitiated(trouble),
        },
        Entry::Join(primary) => {
            join(settings, &primary, last).await.unwrap_or_else(|reason| Stage::NotAsked(primary, reason))
        }
        Entry::Wait(stage) => stage,
    }
}

/// Whoever was taken out on command stays out as long as this agent lives, which saw it inside.
fn decide(settings: &Settings, standing: &Standing, was_a_member: bool, peers: &Peers) -> Entry {
    if was_a_member && *standing == Standing::Outside {
        return Entry::Wait(Stage::TakenOut);
    }
    if peers.have_a_set() {
        return peers
            .primary()
            .map_or(Entry::Wait(Stage::AwaitingPrimary), |primary| Entry::Join(primary.clone()));
    }
    let silent = peers.silent();
    if !silent.is_empty() {
        return Entry::Wait(Stage::AwaitingPeers(silent));
    }
    let own = standing.has_lived().then(|| settings.own_host());
    let lived: Vec<Host> = peers.lived().cloned().chain(own).collect();
    if !lived.is_empty() {
        return Entry::Wait(Stage::Stranded(lived));
    }
    if settings.pod.ordinal() == Ordinal::FIRST {
        Entry::Initiate
    } else {
        Entry::Wait(Stage::AwaitingFirst(settings.hosts().of(Ordinal::FIRST)))
    }
}

/// Adds nobody but ourselves. Of two who do so at once one is refused, by the version, and comes again.
async fn join(settings: &Settings, primary: &Host, last: Option<&Password>) -> Result<Stage, NoSession> {
    let session = Session::open(primary, settings.tls_ca_file.as_deref(), &settings.users_dir, last).await?;
    let config = SetConfig::read(&session.mongod).await?;
    let own = settings.own_host();
    if config.member(own.as_str()).is_some() {
        return Ok(Stage::AwaitingTheSet);
    }
    session.mongod.run(config.with(&own)).await?;
    Ok(Stage::Asked(own))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            board::tests::member,
            hello::Role,
            peers::tests::{peer, peers},
            settings::tests::settings,
            trouble::Trouble,
        },
        *,
    };

    type Said = Result<Standing, Trouble>;

    /// What the agent of this ordinal does where the two others say so, and one that is not expected says this.
    fn decided(ordinal: u8, own: &Standing, others: [Said; 2], beyond: Said) -> String {
        let [first, second] = others;
        let all = vec![peer("m-8:1", true, first), peer("m-9:1", true, second), peer("m-5:1", false, beyond)];
        match decide(&settings(ordinal, 3, "m-{ordinal}:1"), own, false, &peers(all)) {
            Entry::Initiate => "initiate".to_owned(),
            Entry::Join(host) => format!("join {host}"),
            Entry::Wait(stage) => stage.to_string(),
        }
    }

    fn silent() -> Said {
        Err(Trouble::Silent("connection refused".to_owned()))
    }

    const NOBODY: Said = Err(Trouble::Nameless);

    #[test]
    fn the_first_makes_a_set_only_where_every_other_has_said_that_it_knows_of_none() {
        let blank = || Ok(Standing::Blank);
        assert_eq!(decided(0, &Standing::Blank, [blank(), blank()], NOBODY), "initiate");
        assert_eq!(decided(0, &Standing::Blank, [blank(), blank()], blank()), "initiate");
        assert!(decided(1, &Standing::Blank, [blank(), blank()], NOBODY).contains("agent of m-0:1"));
        let waits = decided(0, &Standing::Blank, [blank(), silent()], silent());
        assert!(waits.contains("m-9:1: it does not answer (connection refused)"), "{waits}");
        let waits = decided(0, &Standing::Blank, [blank(), NOBODY], NOBODY);
        assert!(waits.contains("m-9:1: its name is not known") && !waits.contains("m-5:1"), "{waits}");
    }

    #[test]
    fn a_pod_that_is_not_expected_and_only_silent_may_hold_the_data_of_a_set_that_was_larger() {
        let blank = || Ok(Standing::Blank);
        let waits = decided(0, &Standing::Blank, [blank(), blank()], silent());
        assert!(waits.contains("m-5:1: it does not answer"), "{waits}");
    }

    #[test]
    fn nobody_makes_a_set_beside_another_or_beside_what_is_left_of_one() {
        let blank = || Ok(Standing::Blank);
        for lived in [Standing::Outside, Standing::Alone, member(Role::Between), member(Role::Secondary)] {
            for (own, others, beyond) in [
                (Standing::Blank, [Ok(lived.clone()), blank()], NOBODY),
                (Standing::Blank, [blank(), blank()], Ok(lived.clone())),
                (lived, [blank(), blank()], NOBODY),
            ] {
                let done = decided(0, &own, others.clone(), beyond.clone());
                assert_ne!(done, "initiate", "{own:?} {others:?} {beyond:?}");
            }
        }
        let stranded = decided(0, &Standing::Outside, [blank(), Ok(Standing::Outside)], NOBODY);
        assert!(stranded.contains("m-9:1, m-0:1 may hold the data"), "{stranded}");
    }

    #[test]
    fn where_there_is_a_set_its_primary_is_asked_whoever_is_silent() {
        let primary = || Ok(member(Role::Primary));
        for own in [Standing::Blank, Standing::Outside] {
            assert_eq!(decided(0, &own, [silent(), primary()], silent()), "join m-9:1");
            assert_eq!(decided(2, &own, [primary(), Ok(Standing::Blank)], silent()), "join m-8:1");
            assert!(
                decided(1, &own, [Ok(member(Role::Secondary)), silent()], silent()).contains("no primary")
            );
        }
    }

    #[test]
    fn whoever_was_taken_out_under_our_eyes_stays_out() {
        let others = peers(vec![peer("m-9:1", true, Ok(member(Role::Primary)))]);
        let entry = |standing, was| decide(&settings(1, 3, "m-{ordinal}:1"), &standing, was, &others);
        assert!(matches!(entry(Standing::Outside, true), Entry::Wait(Stage::TakenOut)));
        assert!(matches!(entry(Standing::Outside, false), Entry::Join(_)));
        assert!(matches!(entry(Standing::Blank, true), Entry::Join(_)), "its volume is lost");
    }
}
