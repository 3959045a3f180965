//! What is done to a cluster, with this machine's randomness.

use crate::{
    kube::{
        Failure,
        secrets::{self, Place, Present},
    },
    system::entropy::OsEntropy,
};

pub async fn make_secrets(place: &Place) -> Result<Vec<Present>, Failure> {
    secrets::make(place, &OsEntropy).await
}
