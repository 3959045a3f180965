//! Every index there is, and what stands in the way of one.

use std::time::Duration;

use mongodb::{
    IndexModel,
    bson::{Bson, Document, doc},
    options::IndexOptions,
};

use crate::store::MigrateError;

/// An index over one field, in ascending order.
struct Index {
    collection: &'static str,
    field: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Unique,
    /// Removes a document this long after the moment in the field: tidiness, never truth.
    Expires(Duration),
}

const ALL: [Index; 5] = [
    Index { collection: "users", field: "email.canonical", kind: Kind::Unique },
    Index { collection: "sessions", field: "secretDigest", kind: Kind::Unique },
    Index { collection: "sessions", field: "userId", kind: Kind::Plain },
    Index { collection: "sessions", field: "expiresAt", kind: Kind::Expires(Duration::from_hours(30 * 24)) },
    Index { collection: "one_time", field: "expiresAt", kind: Kind::Expires(Duration::ZERO) },
];

/// Those that `collection` lacks; refused when one that is there is in the way.
pub(super) fn missing(collection: &str, existing: &[IndexModel]) -> Result<Vec<IndexModel>, MigrateError> {
    let mut missing = Vec::new();
    for index in ALL.iter().filter(|index| index.collection == collection) {
        match existing.iter().find(|other| index.has_place_of(other)) {
            None => missing.push(index.model()),
            Some(other) if index.is(other) => {}
            Some(other) => return Err(index.refuse(other)),
        }
    }
    Ok(missing)
}

impl Index {
    fn name(&self) -> String {
        format!("{}_1", self.field)
    }

    fn model(&self) -> IndexModel {
        let options = IndexOptions::builder()
            .name(self.name())
            .unique((self.kind == Kind::Unique).then_some(true))
            .expire_after(self.expires())
            .build();
        IndexModel::builder().keys(doc! { self.field: 1 }).options(options).build()
    }

    const fn expires(&self) -> Option<Duration> {
        match self.kind {
            Kind::Expires(after) => Some(after),
            Kind::Plain | Kind::Unique => None,
        }
    }

    /// MongoDB holds one index of a name, and one of a key.
    fn has_place_of(&self, other: &IndexModel) -> bool {
        let same_name =
            other.options.as_ref().and_then(|options| options.name.as_ref()) == Some(&self.name());
        same_name || self.has_key(&other.keys)
    }

    /// A shell writes the direction as a floating-point number.
    fn has_key(&self, keys: &Document) -> bool {
        let ascending = match keys.get(self.field) {
            Some(Bson::Double(direction)) => *direction > 0.0,
            Some(direction) => direction == &Bson::Int32(1) || direction == &Bson::Int64(1),
            None => false,
        };
        ascending && keys.len() == 1
    }

    fn is(&self, other: &IndexModel) -> bool {
        let options = other.options.clone().unwrap_or_default();
        let whole = options.partial_filter_expression.is_none()
            && options.sparse != Some(true)
            && options.collation.is_none()
            && options.hidden != Some(true);
        let unique = options.unique.unwrap_or(false) == (self.kind == Kind::Unique);
        self.has_key(&other.keys) && whole && unique && options.expire_after == self.expires()
    }

    fn refuse(&self, other: &IndexModel) -> MigrateError {
        let name = other.options.as_ref().and_then(|options| options.name.as_deref()).unwrap_or("?");
        let wanted = match self.kind {
            Kind::Plain => "a plain index".to_owned(),
            Kind::Unique => "a unique index".to_owned(),
            Kind::Expires(after) => format!("an index that expires documents after {} s", after.as_secs()),
        };
        MigrateError::Refused(format!(
            "the index `{name}` of `{}` stands where {wanted} on `{}` is needed: drop it, then start again",
            self.collection, self.field
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_as_it_should_be_is_not_built_again() {
        let there = [IndexModel::builder()
            .keys(doc! { "email.canonical": 1.0 })
            .options(IndexOptions::builder().name("by_hand".to_owned()).unique(true).build())
            .build()];
        assert!(missing("users", &there).unwrap().is_empty());
        assert_eq!(missing("users", &[]).unwrap().len(), 1);
    }

    #[test]
    fn what_is_in_the_way_is_named_and_not_dropped() {
        let there = [IndexModel::builder().keys(doc! { "email.canonical": 1 }).build()];
        let Err(MigrateError::Refused(sentence)) = missing("users", &there) else { panic!("not refused") };
        assert!(sentence.contains("unique") && sentence.contains("email.canonical"), "{sentence}");
    }

    #[test]
    fn an_index_over_some_documents_only_does_not_do() {
        let partial =
            IndexOptions::builder().unique(true).partial_filter_expression(doc! { "epoch": 0 }).build();
        let there = [IndexModel::builder().keys(doc! { "email.canonical": 1 }).options(partial).build()];
        assert!(missing("users", &there).is_err());
    }
}
