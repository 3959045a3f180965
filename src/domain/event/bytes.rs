//! Fields as bytes, one after the other, so that no two lists of fields are the same bytes.

pub(super) struct Bytes(Vec<u8>);

impl Bytes {
    /// What they are, and of which version.
    pub(super) fn new(what: &'static str) -> Self {
        let mut bytes = Self(Vec::with_capacity(512));
        bytes.put(what);
        bytes
    }

    /// With its length before it, which no field of ours comes near to having eight bytes of.
    pub(super) fn put(&mut self, field: impl AsRef<[u8]>) {
        let field = field.as_ref();
        self.0.push(1);
        self.0.extend((field.len() as u64).to_be_bytes());
        self.0.extend(field);
    }

    pub(super) fn put_if_any(&mut self, field: Option<impl AsRef<[u8]>>) {
        match field {
            Some(field) => self.put(field),
            None => self.0.push(0),
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}
