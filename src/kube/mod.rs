//! What we say to the Kubernetes API, with the rights of whoever asks us to: their own kubeconfig, or the pod's account.

pub mod doctor;
pub mod secrets;

use std::time::Duration;

use ::kube::{Client, Config};
use tokio::time::timeout;

use crate::{
    domain::{causes::chain, clock::NoEntropy},
    system::aside::aside,
};

/// The API server answers in milliseconds, or something is wrong that waiting does not mend.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why the API could not be asked, in words for a person.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("no cluster to talk to: {0}; set KUBECONFIG, or run this in a pod")]
    NoCluster(String),
    #[error("the kubeconfig's way to say who you are gives nothing within {} s; does `kubectl get pods` work?", DEADLINE.as_secs())]
    NoCredentials,
    #[error("the Kubernetes API does not answer within {} s", DEADLINE.as_secs())]
    Silent,
    #[error("it is there already")]
    Taken,
    #[error("the Kubernetes API says no: {0}")]
    Refused(String),
    #[error("the Kubernetes API cannot be reached: {0}")]
    Unreachable(String),
    #[error("no randomness: {0}")]
    NoEntropy(#[from] NoEntropy),
    #[error(
        "the Secret {secret} is there and has no key `{key}`: add it, or delete the Secret and run this again"
    )]
    Incomplete { secret: String, key: &'static str },
}

/// A client for the cluster that the reader's kubeconfig names, or the one that this pod is in.
async fn client() -> Result<Client, Failure> {
    client_with(|_| ()).await
}

async fn client_with(settle: impl FnOnce(&mut Config)) -> Result<Client, Failure> {
    let mut config = Config::infer().await.map_err(|error| Failure::NoCluster(error.to_string()))?;
    config.connect_timeout = Some(DEADLINE);
    config.read_timeout = Some(DEADLINE);
    config.write_timeout = Some(DEADLINE);
    settle(&mut config);
    // A kubeconfig may name a program that says who the reader is, and the client waits for that one without yielding.
    match timeout(DEADLINE, aside(move || Client::try_from(config))).await {
        Ok(Some(client)) => client.map_err(|error| Failure::NoCluster(chain(&error))),
        Ok(None) | Err(_) => Err(Failure::NoCredentials),
    }
}

/// One call, within its deadline.
async fn ask<T>(call: impl Future<Output = Result<T, ::kube::Error>>) -> Result<T, Failure> {
    match timeout(DEADLINE, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(::kube::Error::Api(status))) if status.code == 409 => Err(Failure::Taken),
        Ok(Err(::kube::Error::Api(status))) => Err(Failure::Refused(status.message.clone())),
        Ok(Err(error)) => Err(Failure::Unreachable(chain(&error))),
        Err(_) => Err(Failure::Silent),
    }
}
