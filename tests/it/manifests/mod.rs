//! The manifests, rendered as whoever applies them renders them, and held to what no API server looks at.

mod monitoring;
mod network;
mod pods;
mod rendered;
mod words;

use rendered::{Rendered, all};

/// Looks at every rendering there is, and tells all that is wrong with all of them.
fn of_each(look: impl Fn(&Rendered, &mut Vec<String>)) {
    let Some(all) = all() else { return };
    assert!(all.len() > 30, "{} renderings", all.len());
    let mut wrong = Vec::new();
    for rendered in all {
        let mut found = Vec::new();
        look(rendered, &mut found);
        wrong.extend(found.into_iter().map(|what| format!("{}: {what}", rendered.name)));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
