//! The certificate of the HTTPS port: files, or in the demo one that is made here and kept in the data folder.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file cannot be read, or is no PEM of what it should be.
    #[error("{0}: {1}")]
    File(PathBuf, String),
    /// Certificate and key do not go together, or are of a kind that cannot be used.
    #[error("the certificate and its key: {0}")]
    Pair(#[from] rustls::Error),
    /// The demo's own certificate could not be made.
    #[error("a certificate of our own: {0}")]
    Own(#[from] rcgen::Error),
}

/// Takes a certificate (with its chain) and its key from PEM files.
///
/// # Errors
///
/// A [`Fault`] that names the file.
pub fn from_files(certificate: &Path, key: &Path) -> Result<TlsAcceptor, Fault> {
    let wrong = |path: &Path, what: String| Fault::File(path.to_owned(), what);
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|fault| wrong(certificate, fault.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "there is no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|fault| wrong(key, fault.to_string()))?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The demo's own certificate: for loopback names alone, made at the first start and kept.
///
/// # Errors
///
/// A [`Fault`], if it can be neither read nor made.
pub fn own(data: &Path) -> Result<TlsAcceptor, Fault> {
    let (certificate, key) = (data.join("demo-certificate.pem"), data.join("demo-key.pem"));
    if !certificate.is_file() || !key.is_file() {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names)?;
        let fault =
            |path: &Path, fault: &io::Error| Fault::File(path.to_owned(), fault.to_string());
        let file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&key);
        file.and_then(|mut file| file.write_all(made.signing_key.serialize_pem().as_bytes()))
            .map_err(|e| fault(&key, &e))?;
        fs::write(&certificate, made.cert.pem()).map_err(|e| fault(&certificate, &e))?;
    }
    from_files(&certificate, &key)
}
