//! Whom we believe who a NATS server is.

use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, DEFAULT_VERSIONS,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, pem::PemObject},
    },
};

use super::NoWay;

/// The authorities of this machine, and those of a bundle in PEM form beside them.
pub(super) fn connector(bundle: Option<&[u8]>) -> Result<TlsConnector, NoWay> {
    let extra = bundle.map(certificates).transpose()?.unwrap_or_default();
    config(extra).map(TlsConnector::from).map_err(|error| NoWay::Authorities(error.to_string()))
}

fn certificates(bundle: &[u8]) -> Result<Vec<CertificateDer<'static>>, NoWay> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bundle).collect();
    let found = found.map_err(|error| NoWay::Authorities(error.to_string()))?;
    if found.is_empty() {
        return Err(NoWay::Authorities("there is no certificate in it".to_owned()));
    }
    Ok(found)
}

fn config(extra: Vec<CertificateDer<'static>>) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(DEFAULT_VERSIONS)?
        // Its word for any verifier but its own; this is the one that mail has too.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_without_a_certificate_is_refused() {
        for bundle in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            assert!(matches!(connector(Some(bundle.as_bytes())), Err(NoWay::Authorities(_))), "{bundle}");
        }
    }
}
