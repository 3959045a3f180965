//! The validator of each collection, made from the very type that reads and writes it.
//!
//! A validator is closed: a field nobody declared is refused, so nothing of a request can slip into a document.
//! That does not keep an older release from working beside a newer one, because a validator only ever moves
//! forward (see `migrations`), what is new in one is optional at first, and readers skip what they do not know.

use mongodb::bson::{self, Document, doc};
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};

/// The `validator` option of the collection that holds `D`s.
pub(super) fn validator<D: JsonSchema>() -> Result<Document, bson::error::Error> {
    let settings = SchemaSettings::draft07()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .with_transform(RecursiveTransform(in_mongodb_words));
    let schema = settings.into_generator().into_root_schema_for::<D>();
    Ok(doc! { "$jsonSchema": bson::serialize_to_bson(schema.as_value())? })
}

/// MongoDB knows draft 4, less its annotations, and counts in `int` and `long` instead of `integer`.
fn in_mongodb_words(schema: &mut Schema) {
    for annotation in ["title", "description", "format", "default"] {
        schema.remove(annotation);
    }
    if schema.get("type") == Some(&json!("integer")) {
        schema.remove("type");
        schema.insert("bsonType".to_owned(), json!(["int", "long"]));
    }
    if schema.get("properties").is_some() {
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::documents::{
            attempt::AttemptDocument, event::EventDocument, one_time::OneTimeDocument,
            outlet::OutletDocument, session::SessionDocument, settings::SettingsDocument,
            signing_key::SigningKeyDocument, user::UserDocument,
        },
        *,
    };

    fn all() -> [Document; 8] {
        [
            validator::<UserDocument>().unwrap(),
            validator::<SessionDocument>().unwrap(),
            validator::<OneTimeDocument>().unwrap(),
            validator::<SettingsDocument>().unwrap(),
            validator::<SigningKeyDocument>().unwrap(),
            validator::<EventDocument>().unwrap(),
            validator::<AttemptDocument>().unwrap(),
            validator::<OutletDocument>().unwrap(),
        ]
    }

    #[test]
    fn no_keyword_is_used_that_mongodb_does_not_know() {
        let text = format!("{:?}", all());
        for unknown in
            ["$schema", "$ref", "title", "format", "default", "description", "const", "integer", "null"]
        {
            assert!(!text.contains(&format!("\"{unknown}\"")), "{unknown} in {text}");
        }
    }

    #[test]
    fn every_object_is_closed_and_says_what_it_needs() {
        let [users, ..] = all();
        let schema = users.get_document("$jsonSchema").unwrap();
        assert!(!schema.get_bool("additionalProperties").unwrap());
        let required = schema.get_array("required").unwrap();
        assert!(required.contains(&"password".into()) && !required.contains(&"emailVerifiedAt".into()));

        let password = schema.get_document("properties").unwrap().get_document("password").unwrap();
        assert!(!password.get_bool("additionalProperties").unwrap());
        let changed_at = password.get_document("properties").unwrap().get_document("changedAt").unwrap();
        assert_eq!(changed_at, &doc! { "bsonType": "date" });
    }
}
