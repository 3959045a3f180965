//! `docs/metrics.md` lists what is exposed, and nothing else.

use std::{collections::BTreeSet, fs, path::Path};

use super::used;
use crate::support::figures::Figures;

/// The names in the first column of its tables.
pub(crate) fn documented() -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(str::to_owned).collect()
}

#[tokio::test]
async fn what_is_exposed_is_documented_and_the_other_way_round() {
    let service = used().await;
    let figures = Figures::of(service.internal).await;
    let exposed: BTreeSet<String> = figures.names().into_iter().map(str::to_owned).collect();
    assert!(exposed.len() > 30, "{exposed:?}");
    // Those of the agent beside MongoDB are listed for whoever draws them.
    let documented: BTreeSet<String> =
        documented().into_iter().filter(|name| !name.starts_with("portcullis_mongo_agent_")).collect();
    assert_eq!(exposed, documented);
}
