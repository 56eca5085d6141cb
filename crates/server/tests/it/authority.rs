//! A certificate authority of a test's own.

use std::{fs, path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use reqwest::Certificate;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::CertificateDer};

pub struct Authority {
    root: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let root = parameters.self_signed(&key).expect("a certificate").der().clone();
        Self { root, issuer: Issuer::new(parameters, key) }
    }

    /// Writes a new certificate for this machine, and its key.
    pub fn issue(&self, chain_file: &Path, key_file: &Path) {
        let names = vec![String::from("localhost"), String::from("127.0.0.1")];
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(names).expect("parameters").signed_by(&key, &self.issuer);
        fs::write(key_file, key.serialize_pem()).expect("a file");
        fs::write(chain_file, certificate.expect("a certificate").pem()).expect("a file");
    }

    pub fn for_http(&self) -> Certificate {
        Certificate::from_der(&self.root).expect("a certificate")
    }

    pub fn for_sockets(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }
}
