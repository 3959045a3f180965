//! The certificate that a listener shows: read from its files, and again when they have changed.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, DEFAULT_VERSIONS, ServerConfig,
        crypto::{CryptoProvider, aws_lc_rs},
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};
use zeroize::Zeroizing;

use super::x509::validity;

pub struct Certificate {
    chain_file: PathBuf,
    key_file: PathBuf,
    provider: Arc<CryptoProvider>,
    /// Locked for as long as it takes to copy a pointer.
    shown: RwLock<Shown>,
}

struct Shown {
    /// Of what the files held.
    digest: [u8; 32],
    until: Option<Timestamp>,
    key: Arc<CertifiedKey>,
}

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    #[error("{0} holds no certificate in PEM form")]
    NoCertificate(PathBuf),
    #[error("{0} holds no private key in PEM form that could be used")]
    NoKey(PathBuf),
    #[error("the key in {1} is not that of the certificate in {0}")]
    Mismatch(PathBuf, PathBuf),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// No chain of certificates is longer; a device given by mistake is not read to its end.
const LONGEST_FILE: u64 = 1024 * 1024;

impl Certificate {
    /// The chain, its own certificate first, and the private key; both in PEM form.
    pub fn read(chain_file: &Path, key_file: &Path) -> Result<Self, CertificateError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let shown = RwLock::new(load(chain_file, key_file, &provider)?);
        Ok(Self { chain_file: chain_file.to_owned(), key_file: key_file.to_owned(), provider, shown })
    }

    /// `true` when the files hold another certificate than before, which is shown from now on. What is of no use changes
    /// nothing: somebody may be about to write it.
    pub fn look_again(&self) -> Result<bool, CertificateError> {
        let found = load(&self.chain_file, &self.key_file, &self.provider)?;
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = found.digest != shown.digest;
        if is_new {
            *shown = found;
        }
        Ok(is_new)
    }

    /// Whoever connects from now on is shown what was read last.
    pub fn acceptor(self: Arc<Self>) -> Result<TlsAcceptor, CertificateError> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(DEFAULT_VERSIONS)?
            .with_no_client_auth()
            .with_cert_resolver(self);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Until when what is shown holds; `None` where it does not say so in a way that we read.
    pub fn until(&self) -> Option<Timestamp> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).until
    }

    pub fn file(&self) -> &Path {
        &self.chain_file
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner).key))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.chain_file.display())
    }
}

fn load(chain_file: &Path, key_file: &Path, provider: &CryptoProvider) -> Result<Shown, CertificateError> {
    let (chain_text, key_text) = (read(chain_file)?, read(key_file)?);
    let no_certificate = || CertificateError::NoCertificate(chain_file.to_owned());
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain_text)
        .collect::<Result<_, _>>()
        .map_err(|_| no_certificate())?;
    if chain.is_empty() {
        return Err(no_certificate());
    }
    let no_key = || CertificateError::NoKey(key_file.to_owned());
    let key = PrivateKeyDer::from_pem_slice(&key_text).map_err(|_| no_key())?;
    let key = provider.key_provider.load_private_key(key).map_err(|_| no_key())?;
    let until = chain.first().and_then(|own| validity(own)).map(|(_, until)| until);
    let key = CertifiedKey::new(chain, key);
    key.keys_match().map_err(|_| CertificateError::Mismatch(chain_file.to_owned(), key_file.to_owned()))?;
    let digest = Sha256::new().chain_update(&*chain_text).chain_update(&*key_text).finalize().into();
    Ok(Shown { digest, until, key: Arc::new(key) })
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
    let mut text = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut text));
    read.map_err(|error| CertificateError::Unreadable(path.to_owned(), error))?;
    Ok(text)
}
