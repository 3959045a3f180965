//! Writes `docs/configuration.md` from the declarations, so that it cannot say anything else.

use std::fmt::Write as _;

use jiff::SignedDuration;

use super::{
    Config,
    agent::AGENT_VARIABLES,
    choice::Choice,
    surroundings::Sources,
    variable::{Allowed, Unset, Variable},
    variables::VARIABLES,
};
use crate::domain::{cost::Cost, policy::SessionPreset};

/// What no declaration knows: reasons, and how it all hangs together.
const PROSE: &str = include_str!("document.md");

pub fn document() -> String {
    PROSE
        .replace("{faults}", &faults())
        .replace("{overview}", &overview(VARIABLES))
        .replace("{variables}", &VARIABLES.iter().map(chapter).collect::<String>())
        .replace("{agent overview}", &overview(AGENT_VARIABLES))
        .replace("{agent variables}", &AGENT_VARIABLES.iter().map(chapter).collect::<String>())
        .replace("{costs}", &costs())
        .replace("{lifetimes}", &lifetimes())
}

/// The real thing, made to fail.
fn faults() -> String {
    let vars = [("PORTCULLIS_PUBLIC_LISTEN", "0.0.0.0"), ("PORTCULLIS_PASSWORD_COST", "high")];
    let vars = vars.map(|(name, value)| (name.into(), value.into())).into();
    let sources = Sources { vars, terminal: true, read_file: &|_| Ok(String::new()) };
    Config::read(&sources).err().map_or_else(String::new, |misconfigured| misconfigured.to_string())
}

fn overview(variables: &[Variable]) -> String {
    let row = |variable: &Variable| {
        let Variable { name, default, example, .. } = variable;
        format!("| [`{name}`](#{}) | {} | `{example}` |\n", name.to_lowercase(), unset(default))
    };
    variables.iter().map(row).collect::<String>().trim_end().to_owned()
}

fn chapter(variable: &Variable) -> String {
    let Variable { name, meaning, allowed, default, example, mask } = variable;
    let mut text =
        format!("\n### `{name}`\n{meaning}\n\n- Default: {}\n- Example: `{example}`\n", unset(default));
    match allowed {
        Allowed::Described(what) | Allowed::Document(what) => _ = writeln!(text, "- Allowed: {what}"),
        Allowed::OneOf(choices) => {
            for (choice, meaning) in choices() {
                _ = writeln!(text, "- `{choice}`: {meaning}");
            }
        }
    }
    if let Some(file) = variable.file_name() {
        _ = match mask {
            Some(_) => {
                writeln!(text, "- A secret: it may be given as `{file}`, and is masked wherever it is shown.")
            }
            None => writeln!(text, "- It may be given as `{file}`, the path of a file that holds it."),
        };
    }
    text
}

fn unset(default: &Unset) -> String {
    match default {
        Unset::Always("") => "none".to_owned(),
        Unset::Always(value) => format!("`{value}`"),
        Unset::ByPlace { laptop, cluster } => {
            format!("`{laptop}`; inside a cluster `{cluster}`")
        }
        Unset::ByTerminal { terminal, otherwise } => {
            format!("`{terminal}` on a terminal, otherwise `{otherwise}`")
        }
        Unset::OutsideCluster(value) => format!("`{value}`; inside a cluster it must be set"),
    }
}

fn costs() -> String {
    let rows = Cost::CHOICES.iter().map(|(name, cost, _)| {
        let (memory, work) = (cost.memory() >> 20, cost.work() * 100 / Cost::STANDARD.work());
        format!("| `{name}` | {cost} | {memory} MiB | {work} % |\n")
    });
    rows.collect::<String>().trim_end().to_owned()
}

fn lifetimes() -> String {
    let rows = SessionPreset::CHOICES.iter().map(|(name, preset, _)| {
        let (lifetimes, reason) = (preset.lifetimes(), reason(*preset));
        format!("| `{name}` | {} | {} | {reason} |\n", spelt(lifetimes.idle), spelt(lifetimes.absolute))
    });
    rows.collect::<String>().trim_end().to_owned()
}

const fn reason(preset: SessionPreset) -> &'static str {
    match preset {
        SessionPreset::Relaxed => {
            "AAL1: NIST asks for an end after 30 days at most and leaves the idle limit to us (N-19)"
        }
        SessionPreset::Aal2 => "AAL2: NIST asks for 24 hours at all and 1 hour unused (N-20)",
        SessionPreset::Aal3 => "AAL3: NIST demands 12 hours at all and asks for 15 minutes unused (N-21)",
    }
}

fn spelt(duration: SignedDuration) -> String {
    match (duration.as_hours(), duration.as_mins()) {
        (hours, _) if hours > 24 && hours % 24 == 0 => format!("{} days", hours / 24),
        (1, _) => "1 hour".to_owned(),
        (0, minutes) => format!("{minutes} minutes"),
        (hours, _) => format!("{hours} hours"),
    }
}
