//! What is done to a cluster, with this machine's randomness.

use crate::{
    domain::finding::Finding,
    flows::doctor::Reach,
    kube::{
        Failure,
        doctor::{self, Patient},
        secrets::{self, Place, Present},
    },
    system::{clock::SystemClock, entropy::OsEntropy},
};

pub async fn make_secrets(place: &Place) -> Result<Vec<Present>, Failure> {
    secrets::make(place, &OsEntropy).await
}

pub async fn examine_cluster(patient: &Patient, reach: &Reach) -> Vec<Finding> {
    doctor::examine(patient, reach, &SystemClock::start()).await
}
