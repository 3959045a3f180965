//! What the environment says becomes the configuration, or every reason why not.

mod agent;
mod bounds;
mod nats;
mod webhooks;

use std::{
    ffi::{OsStr, OsString},
    io,
    path::Path,
};

use portcullis::config::{
    Allowed, Config, KeySource, LogFormat, Misconfigured, Sources, StoreUrl, VARIABLES,
};
use proptest::{prelude::*, sample::select};

use crate::support::service::KEY_SECRET;

const KEY: (&str, &str) = ("PORTCULLIS_KEY_SECRET", KEY_SECRET);

/// Files hold their own path and a newline; those in /missing do not exist.
fn read_file(path: &Path) -> io::Result<String> {
    if path.starts_with("/missing") {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(format!("sqlite:{}\n", path.display()))
}

fn sources<'a, N: AsRef<OsStr>, V: AsRef<OsStr>>(vars: impl IntoIterator<Item = (N, V)>) -> Sources<'a> {
    let vars = vars.into_iter().map(|(name, value)| (name.as_ref().into(), value.as_ref().into()));
    Sources { vars: vars.collect(), terminal: true, read_file: &read_file }
}

fn read(vars: &[(&str, &str)]) -> Result<Config, Misconfigured> {
    Config::read(&sources(vars.iter().copied()))
}

fn good(vars: &[(&str, &str)]) -> Config {
    read(vars).unwrap_or_else(|error| panic!("{error}"))
}

/// The variables at fault, and everything that is printed about them.
fn bad(vars: &[(&str, &str)]) -> (Vec<String>, String) {
    let error = read(vars).expect_err("nothing is wrong");
    let text = error.to_string();
    (error.faults.into_iter().map(|fault| fault.variable).collect(), text)
}

#[test]
fn nothing_set_is_a_working_laptop() {
    let config = good(&[]);
    assert_eq!(config.public.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.internal.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.public.origin.as_str(), "http://localhost:3000");
    assert!(matches!(config.store.url, StoreUrl::File(path) if path == Path::new("portcullis.db")));
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn every_declaration_is_a_field_that_takes_its_default_its_example_and_its_choices() {
    assert_eq!(good(&[]).settings.len(), VARIABLES.len());
    // An example of a secret would be one that somebody copies.
    let without = [KEY.0, "PORTCULLIS_WEBHOOKS_RECEIVERS"];
    for variable in VARIABLES.iter().filter(|variable| !without.contains(&variable.name)) {
        let choices = match variable.allowed {
            Allowed::Described(_) | Allowed::Document(_) => Vec::new(),
            Allowed::OneOf(choices) => choices().into_iter().map(|(name, _)| name).collect(),
        };
        for value in choices.into_iter().chain([variable.example]) {
            // A certificate and its key are set together or not at all.
            let [chain, key] = ["_CERT_FILE", "_KEY_FILE"];
            let beside = variable.name.replace(chain, "\0").replace(key, chain).replace('\0', key);
            let beside = if variable.name.contains("_TLS_") { beside } else { KEY.0.to_owned() };
            let found = good(&[(&beside, KEY.1), (variable.name, value), KEY]);
            let setting =
                found.settings.iter().find(|setting| setting.variable.name == variable.name).unwrap();
            assert_eq!(
                (setting.shown(), setting.found_in.to_string().as_str()),
                (variable.shown(value), "environment")
            );
        }
    }
}

/// A word that is taken for something else would silence the log.
#[test]
fn levels_of_the_log_are_taken_with_blanks_between_them_and_without_spans() {
    let level = |given| good(&[("PORTCULLIS_LOG_LEVEL", given)]).log.level;
    assert_eq!(level(" mongodb=debug,, info "), "mongodb=debug,info");
    for given in ["info,portcullis[sign_in]=debug", "[x]", "info, dbeug"] {
        assert_eq!(bad(&[("PORTCULLIS_LOG_LEVEL", given)]).0, ["PORTCULLIS_LOG_LEVEL"], "{given}");
    }
}

#[test]
fn every_fault_is_told_at_once_by_its_whole_name() {
    let wrong = [
        ("PORTCULLIS_PUBLIC_LISTEN", "0.0.0.0"),
        ("PORTCULLIS_PUBLIC_ORIGIN", "http://ticketing.dev"),
        ("PORTCULLIS_INTERNAL_LISTEN", ":9000"),
        ("PORTCULLIS_STORE_URL", "postgres://ada:hunter2-hunter2@host"),
        ("PORTCULLIS_PASSWORD_COST", "high"),
        ("PORTCULLIS_PASSWORD_POLICY", "Standard"),
        ("PORTCULLIS_SESSION_PRESET", "aal1"),
        ("PORTCULLIS_TRUSTED_PROXIES", "10.0.0.0/8,10.0.0/8"),
        ("PORTCULLIS_LOG_FORMAT", "xml"),
        ("PORTCULLIS_LOG_LEVEL", "inof"),
    ];
    let (faults, text) = bad(&wrong);
    assert_eq!(faults, wrong.map(|(name, _)| name));
    for line in [
        "portcullis cannot start: 10 settings are wrong\n",
        "\n  PORTCULLIS_PUBLIC_LISTEN    \"0.0.0.0\": expected an address and a port, e.g. 0.0.0.0:3000\n",
        "\n  PORTCULLIS_PASSWORD_COST    \"high\": expected standard, low-memory or node\n",
        "\n  PORTCULLIS_PUBLIC_ORIGIN    \"http://ticketing.dev\": plain http is for loopback hosts only",
        "\n  PORTCULLIS_TRUSTED_PROXIES  \"10.0.0.0/8,10.0.0/8\": \"10.0.0/8\" is neither",
    ] {
        assert!(text.contains(line), "{line:?} is missing from\n{text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn the_two_listeners_need_two_sockets() {
    let listen = |public, internal| {
        read(&[("PORTCULLIS_PUBLIC_LISTEN", public), ("PORTCULLIS_INTERNAL_LISTEN", internal)])
            .map_err(|error| error.faults.into_iter().map(|fault| fault.variable).collect::<Vec<_>>())
            .map(|_| ())
    };
    let fault = Err(vec!["PORTCULLIS_INTERNAL_LISTEN".to_owned()]);
    assert_eq!(listen("127.0.0.1:3000", "127.0.0.1:3000"), fault);
    assert_eq!(listen("0.0.0.0:3000", "127.0.0.1:3000"), fault);
    assert_eq!(listen("127.0.0.1:3000", "127.0.0.2:3000"), Ok(()));
    assert_eq!(listen("127.0.0.1:0", "127.0.0.1:0"), Ok(()));
}

#[test]
fn a_fault_elsewhere_does_not_hide_that_the_listeners_collide() {
    let (faults, _) = bad(&[
        ("PORTCULLIS_PUBLIC_LISTEN", "127.0.0.1:9000"),
        ("PORTCULLIS_DATA_DIR", "/d"),
        ("PORTCULLIS_LOG_FORMAT", "xml"),
    ]);
    assert_eq!(faults, ["PORTCULLIS_LOG_FORMAT", "PORTCULLIS_INTERNAL_LISTEN"]);
}

#[test]
fn empty_means_unset() {
    let empty: Vec<_> = VARIABLES.iter().map(|variable| (variable.name, "")).collect();
    let config = good(&empty);
    assert!(config.settings.iter().all(|setting| setting.found_in.to_string() == "default"));
    good(&[("PORTCULLIS_STORE_URL", "sqlite:a.db"), ("PORTCULLIS_STORE_URL_FILE", "")]);
}

#[test]
fn the_log_is_for_people_on_a_terminal_only() {
    let format = |terminal| {
        let sources = Sources { terminal, ..sources::<&str, &str>([]) };
        Config::read(&sources).unwrap().log.format
    };
    assert_eq!((format(true), format(false)), (LogFormat::Text, LogFormat::Json));
}

#[test]
fn a_secret_may_be_in_a_file_whose_last_newline_is_not_part_of_it() {
    let config = good(&[("PORTCULLIS_STORE_URL_FILE", "/run/url")]);
    assert!(matches!(&config.store.url, StoreUrl::File(path) if path == Path::new("/run/url")));
    let setting =
        config.settings.iter().find(|setting| setting.variable.name == "PORTCULLIS_STORE_URL").unwrap();
    assert_eq!(setting.found_in.to_string(), "file /run/url");
}

#[test]
fn a_file_that_cannot_be_read_and_a_secret_given_twice_are_faults() {
    let (faults, text) = bad(&[("PORTCULLIS_STORE_URL_FILE", "/missing/url")]);
    assert_eq!(faults, ["PORTCULLIS_STORE_URL_FILE"]);
    assert!(text.contains("\"/missing/url\": cannot be read"), "{text}");

    let (faults, text) =
        bad(&[("PORTCULLIS_STORE_URL", "sqlite:a.db"), ("PORTCULLIS_STORE_URL_FILE", "/run/url")]);
    assert_eq!(faults, ["PORTCULLIS_STORE_URL"]);
    assert!(text.contains("PORTCULLIS_STORE_URL_FILE too"), "{text}");
}

#[test]
fn only_a_secret_may_be_in_a_file() {
    let config = good(&[("PORTCULLIS_PASSWORD_COST_FILE", "/run/cost")]);
    assert_eq!(config.warnings, ["unknown variables are ignored: PORTCULLIS_PASSWORD_COST_FILE"]);
}

#[test]
fn inside_a_cluster_the_store_must_be_named() {
    let cluster = ("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    for vars in [&[cluster][..], &[cluster, ("PORTCULLIS_STORE_URL", "")]] {
        let (faults, text) = bad(vars);
        assert_eq!(faults, ["PORTCULLIS_STORE_URL"]);
        assert!(text.contains("must be set inside a cluster"), "{text}");
    }
    good(&[cluster, ("PORTCULLIS_STORE_URL", "sqlite:portcullis.db")]);
    good(&[cluster, ("PORTCULLIS_STORE_URL_FILE", "/run/url")]);
}

#[test]
fn unknown_variables_are_named_once_with_what_was_meant() {
    let config = good(&[
        ("PORTCULLIS_PUBLIC_ORIGN", "https://ticketing.dev"),
        ("PORTCULLIS_STORE_URL_FILES", "/run/url"),
        ("PORTCULLIS_log_level", "debug"),
        ("PORTCULLIS_PORT", "8080"),
        ("PORTCULLIS_ZONE", "x"),
        ("OTHER", "x"),
    ]);
    assert_eq!(
        config.warnings,
        ["unknown variables are ignored: \
          PORTCULLIS_PORT, \
          PORTCULLIS_PUBLIC_ORIGN (did you mean PORTCULLIS_PUBLIC_ORIGIN?), \
          PORTCULLIS_STORE_URL_FILES (did you mean PORTCULLIS_STORE_URL_FILE?), \
          PORTCULLIS_ZONE, \
          PORTCULLIS_log_level (did you mean PORTCULLIS_LOG_LEVEL?)"]
    );
}

#[test]
fn a_misspelt_name_is_also_told_when_something_is_missing() {
    let (_, text) =
        bad(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("PORTCULLIS_STORE_URI", "sqlite:portcullis.db")]);
    assert!(text.contains("PORTCULLIS_STORE_URI (did you mean PORTCULLIS_STORE_URL?)"), "{text}");
}

#[test]
fn proxies_are_networks_and_single_addresses() {
    let config = good(&[("PORTCULLIS_TRUSTED_PROXIES", " 10.0.0.0/8, 192.168.1.7 ,2001:db8::1,")]);
    let proxies: Vec<_> = config.trusted.proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.168.1.7/32", "2001:db8::1/128"]);
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_unicode_is_a_fault_of_its_variable() {
    use std::os::unix::ffi::OsStringExt as _;

    let broken = OsString::from_vec(vec![b'x', 0xff]);
    for name in ["PORTCULLIS_DATA_DIR", "PORTCULLIS_STORE_URL", "PORTCULLIS_STORE_URL_FILE"] {
        let error = Config::read(&sources([(name, &broken)])).expect_err("nothing is wrong");
        assert_eq!(error.faults.iter().map(|fault| &*fault.variable).collect::<Vec<_>>(), [name]);
    }
    let stranger = OsString::from_vec([b"PORTCULLIS_".as_slice(), &[0xff]].concat());
    assert_eq!(Config::read(&sources([(&stranger, &broken)])).unwrap().warnings.len(), 1);
}

#[test]
fn no_debug_form_shows_a_secret() {
    let url = "mongodb://ada:hunter2@host/auth?authMechanismProperties=AWS_SESSION_TOKEN:hunter2";
    let debug = format!("{:?}", good(&[("PORTCULLIS_STORE_URL", url), KEY]));
    assert!(debug.contains("Mongo(***)") && !debug.contains("hunter2") && !debug.contains(KEY.1), "{debug}");
}

proptest! {
    #[test]
    fn no_value_makes_it_panic(
        name in select(VARIABLES),
        file in any::<bool>(),
        start in select(vec!["", "http://", "https://", "mongodb://", "mongodb+srv://", "sqlite:", "10.0.0.", "info,"]),
        rest in any::<String>(),
    ) {
        let name = name.file_name().filter(|_| file).unwrap_or_else(|| name.name.to_owned());
        let value = format!("{start}{rest}");
        let key = (!name.starts_with(KEY.0)).then_some(KEY);
        match Config::read(&sources(key.into_iter().chain([(&*name, &*value)]))) {
            Ok(config) => drop(format!("{config:?}")),
            Err(error) => prop_assert!(error.to_string().contains(&name)),
        }
    }

    #[test]
    fn no_unknown_name_makes_it_panic(name in "PORTCULLIS_\\PC{0,60}", value in any::<String>()) {
        prop_assume!(!VARIABLES.iter().any(|variable| name.starts_with(variable.name)));
        prop_assert!(Config::read(&sources([(name, value)])).is_ok());
    }
}
