//! Every index there is, and what stands in the way of one.

use std::{collections::BTreeSet, time::Duration};

use mongodb::{
    IndexModel,
    bson::{Bson, Document},
    options::IndexOptions,
};

use crate::store::MigrateError;

/// An index over a field or several, in ascending order.
struct Index {
    collection: &'static str,
    fields: &'static [&'static str],
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Over the documents that have the field.
    IfPresent,
    Unique,
    /// Of the documents that have the field.
    UniqueIfPresent,
    /// Removes a document this long after the moment in the field: tidiness, never truth.
    Expires(Duration),
}

const ALL: [Index; 17] = [
    Index { collection: "users", fields: &["email.canonical"], kind: Kind::Unique },
    Index { collection: "users", fields: &["outbox.nextTryAt"], kind: Kind::IfPresent },
    Index { collection: "users", fields: &["eraseAt"], kind: Kind::IfPresent },
    Index { collection: "sessions", fields: &["secretDigest"], kind: Kind::Unique },
    Index { collection: "sessions", fields: &["previous.digest"], kind: Kind::UniqueIfPresent },
    Index { collection: "sessions", fields: &["userId", "endedAt", "createdAt"], kind: Kind::Plain },
    Index { collection: "sessions", fields: &["userId", "createdAt"], kind: Kind::Plain },
    Index {
        collection: "sessions",
        fields: &["expiresAt"],
        kind: Kind::Expires(Duration::from_hours(30 * 24)),
    },
    Index { collection: "one_time", fields: &["expiresAt"], kind: Kind::Expires(Duration::ZERO) },
    Index { collection: "attempts", fields: &["expiresAt"], kind: Kind::Expires(Duration::ZERO) },
    Index { collection: "signing_keys", fields: &["number"], kind: Kind::Unique },
    Index { collection: "events", fields: &["userId", "_id"], kind: Kind::Plain },
    Index { collection: "events", fields: &["userId", "link.position"], kind: Kind::Plain },
    Index { collection: "events", fields: &["kind", "_id"], kind: Kind::Plain },
    Index { collection: "events", fields: &["link.position"], kind: Kind::UniqueIfPresent },
    Index { collection: "events", fields: &["link.position", "_id"], kind: Kind::Plain },
    Index { collection: "events", fields: &["link.expiresAt"], kind: Kind::Expires(Duration::ZERO) },
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

/// Each once.
pub(super) fn collections() -> BTreeSet<&'static str> {
    ALL.iter().map(|index| index.collection).collect()
}

/// Those that `collection` lacks, also where another one is in the way, as a person would name them.
pub(super) fn lacking(collection: &str, existing: &[IndexModel]) -> Vec<String> {
    let lacking = |index: &&Index| !existing.iter().any(|other| index.is(other));
    let of_it = ALL.iter().filter(|index| index.collection == collection).filter(lacking);
    of_it.map(|index| format!("{collection} ({})", index.fields.join(", "))).collect()
}

impl Index {
    fn name(&self) -> String {
        self.fields.iter().map(|field| format!("{field}_1")).collect::<Vec<_>>().join("_")
    }

    fn model(&self) -> IndexModel {
        let options = IndexOptions::builder()
            .name(self.name())
            .unique(self.is_unique().then_some(true))
            .sparse(self.is_sparse().then_some(true))
            .expire_after(self.expires())
            .build();
        let keys: Document = self.fields.iter().map(|&field| (field.to_owned(), Bson::Int32(1))).collect();
        IndexModel::builder().keys(keys).options(options).build()
    }

    const fn is_unique(&self) -> bool {
        matches!(self.kind, Kind::Unique | Kind::UniqueIfPresent)
    }

    const fn is_sparse(&self) -> bool {
        matches!(self.kind, Kind::IfPresent | Kind::UniqueIfPresent)
    }

    const fn expires(&self) -> Option<Duration> {
        match self.kind {
            Kind::Expires(after) => Some(after),
            Kind::Plain | Kind::IfPresent | Kind::Unique | Kind::UniqueIfPresent => None,
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
        let ascending = |direction: &Bson| match direction {
            Bson::Double(direction) => *direction > 0.0,
            direction => direction == &Bson::Int32(1) || direction == &Bson::Int64(1),
        };
        keys.keys().eq(self.fields) && keys.values().all(ascending)
    }

    fn is(&self, other: &IndexModel) -> bool {
        let options = other.options.clone().unwrap_or_default();
        let whole = options.partial_filter_expression.is_none()
            && options.sparse.unwrap_or(false) == self.is_sparse()
            && options.collation.is_none()
            && options.hidden != Some(true);
        let unique = options.unique.unwrap_or(false) == self.is_unique();
        self.has_key(&other.keys) && whole && unique && options.expire_after == self.expires()
    }

    fn refuse(&self, other: &IndexModel) -> MigrateError {
        let name = other.options.as_ref().and_then(|options| options.name.as_deref()).unwrap_or("?");
        let wanted = match self.kind {
            Kind::Plain => "a plain index".to_owned(),
            Kind::IfPresent => "a sparse index".to_owned(),
            Kind::Unique => "a unique index".to_owned(),
            Kind::UniqueIfPresent => "a sparse unique index".to_owned(),
            Kind::Expires(after) => format!("an index that expires documents after {} s", after.as_secs()),
        };
        MigrateError::Refused(format!(
            "the index `{name}` of `{}` stands where {wanted} on `{}` is needed: drop it, then start again",
            self.collection,
            self.fields.join("`, `")
        ))
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn what_is_there_as_it_should_be_is_not_built_again() {
        let there = [IndexModel::builder()
            .keys(doc! { "email.canonical": 1.0 })
            .options(IndexOptions::builder().name("by_hand".to_owned()).unique(true).build())
            .build()];
        assert_eq!(missing("users", &there).unwrap().len(), 2, "not the one that is there");
        assert_eq!(missing("users", &[]).unwrap().len(), 3);
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

    #[test]
    fn what_is_unique_only_where_it_is_present_takes_a_sparse_index_and_no_other() {
        let index = |sparse| {
            let options = IndexOptions::builder().unique(true).sparse(sparse).build();
            IndexModel::builder().keys(doc! { "previous.digest": 1 }).options(options).build()
        };
        let lacking = missing("sessions", &[]).unwrap().len();
        assert_eq!(missing("sessions", &[index(true)]).unwrap().len(), lacking - 1);
        let Err(MigrateError::Refused(sentence)) = missing("sessions", &[index(false)]) else { panic!() };
        assert!(sentence.contains("sparse") && sentence.contains("previous.digest"), "{sentence}");
    }

    #[test]
    fn the_order_of_an_index_s_fields_counts() {
        let index = |keys| [IndexModel::builder().keys(keys).build()];
        let lacking = missing("events", &[]).unwrap().len();
        let one_less = missing("events", &index(doc! { "userId": 1, "_id": 1.0 })).unwrap().len();
        assert_eq!(one_less, lacking - 1);
        for other in [doc! { "_id": 1, "userId": 1 }, doc! { "userId": 1 }, doc! { "userId": 1, "_id": -1 }] {
            assert_eq!(missing("events", &index(other)).unwrap().len(), lacking);
        }
    }
}
