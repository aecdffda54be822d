//! TLS towards trunks: whom we call proves who they are.

use crate::listen::wire::Wire;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Whose word is believed, made when it is first needed: the system's authorities, or those of one file.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}

/// One side of a connection to be: whom we expect at the other.
#[derive(Debug)]
pub struct Client {
    trust: Trust,
    name: ServerName<'static>,
}

impl Trust {
    /// Reads the authorities of a PEM file; with an empty path, the system's.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or holds no certificate.
    pub fn load(file: &Path) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        if file.as_os_str().is_empty() {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        } else {
            let read: Result<Vec<_>, _> =
                CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
            let read = read.map_err(|fault| io::Error::other(fault.to_string()))?;
            let (added, _) = roots.add_parsable_certificates(read);
            if added == 0 {
                return Err(io::Error::other("there is no certificate in it"));
            }
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Somebody who must prove to be `name`: a host's name, or an address. None if it can be neither.
    pub fn towards(&self, name: &str) -> Option<Client> {
        let name = ServerName::try_from(name.to_owned()).ok()?;
        Some(Client { trust: self.clone(), name })
    }
}

impl Client {
    /// Shakes hands.
    ///
    /// # Errors
    ///
    /// The other side is not whom we expect, or the connection broke.
    pub async fn connect(self, tcp: TcpStream) -> io::Result<Wire> {
        let tls = TlsConnector::from(self.trust.0).connect(self.name, tcp).await?;
        Ok(Wire::Tls(Box::new(tls.into())))
    }
}
