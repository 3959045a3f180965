//! An authority that signs certificates for the tests' own servers.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls::pki_types::CertificateDer;

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A certificate with its key, as the files of a server hold them.
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) der: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Where it is called as what it signs, OpenSSL takes that for signed by itself.
        params.distinguished_name.push(DnType::CommonName, "the tests' own authority");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// For a server on this machine.
    pub(crate) fn sign(&self) -> Signed {
        self.sign_for(["localhost", "127.0.0.1"].map(str::to_owned))
    }

    /// For one that is called by these names and addresses.
    pub(crate) fn sign_for(&self, names: impl Into<Vec<String>>) -> Signed {
        let key = KeyPair::generate().unwrap();
        let signed = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        Signed { certificate: signed.pem(), key: key.serialize_pem(), der: signed.der().clone() }
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }
}

impl Signed {
    pub(crate) fn write(&self, certificate: &Path, key: &Path) {
        fs::write(certificate, &self.certificate).unwrap();
        fs::write(key, &self.key).unwrap();
    }
}
