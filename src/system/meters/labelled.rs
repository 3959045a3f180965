//! Counters that are told apart by one label, of which the code knows every value.

use super::Counter;

/// The values of a label.
pub trait Label: Copy + PartialEq + 'static {
    const ALL: &'static [Self];

    fn as_str(self) -> &'static str;
}

/// A counter for each value, there from the start: what has not happened yet is 0, and not unknown.
#[derive(Debug)]
pub struct Labelled<L>(Vec<(L, Counter)>);

impl<L: Label> Labelled<L> {
    pub fn add_one(&self, label: L) {
        if let Some((_, counter)) = self.0.iter().find(|(of, _)| *of == label) {
            counter.add_one();
        }
    }

    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(label, counter)| (label.as_str(), counter.count()))
    }
}

impl<L: Label> Default for Labelled<L> {
    fn default() -> Self {
        Self(L::ALL.iter().map(|label| (*label, Counter::default())).collect())
    }
}
