//! The server's certificate: read from files, and read again when they change, without a restart.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::interval,
};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The certificate of the moment.
pub struct Certificates {
    chain_file: PathBuf,
    key_file: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

/// When each of the files was written.
type Stamp = [Option<SystemTime>; 2];

impl Certificates {
    pub fn load(chain_file: &Path, key_file: &Path) -> anyhow::Result<Arc<Self>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let current = RwLock::new(Arc::new(read(&provider, chain_file, key_file)?));
        Ok(Arc::new(Self { chain_file: chain_file.into(), key_file: key_file.into(), provider, current }))
    }

    /// How the server speaks TLS: 1.2 and 1.3, with whichever certificate is the current one.
    pub fn server_config(self: &Arc<Self>) -> anyhow::Result<ServerConfig> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .context("TLS")?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Reads the files again whenever they change, and when told to by SIGHUP. What cannot be used changes nothing.
    pub async fn keep_fresh(self: Arc<Self>, stopping: CancellationToken) {
        let mut told = match signal(SignalKind::hangup()) {
            Ok(told) => told,
            Err(error) => {
                tracing::error!(error = %error, "SIGHUP cannot be received; a new certificate wants a restart");
                return;
            }
        };
        let mut ticks = interval(LOOK_EVERY);
        let mut known = self.stamp();
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let stamp = self.stamp();
                    if stamp == known {
                        continue;
                    }
                    known = stamp;
                }
                _ = told.recv() => known = self.stamp(),
                () = stopping.cancelled() => return,
            }
            match read(&self.provider, &self.chain_file, &self.key_file) {
                Ok(fresh) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                    tracing::info!("new connections get the new certificate");
                }
                // Where one file was replaced and the other is about to be, the next look finds both.
                Err(error) => tracing::warn!(error = format!("{error:#}"), "the certificate stays the one before"),
            }
        }
    }

    fn stamp(&self) -> Stamp {
        let written = |file: &Path| file.metadata().and_then(|metadata| metadata.modified()).ok();
        [written(&self.chain_file), written(&self.key_file)]
    }
}

fn read(provider: &CryptoProvider, chain_file: &Path, key_file: &Path) -> anyhow::Result<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(chain_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("TLS_CERT_FILE: {} cannot be read", chain_file.display()))?;
    anyhow::ensure!(!chain.is_empty(), "TLS_CERT_FILE: {} holds no certificate in PEM", chain_file.display());
    let key = PrivateKeyDer::from_pem_file(key_file)
        .with_context(|| format!("TLS_KEY_FILE: {} holds no private key in PEM", key_file.display()))?;
    CertifiedKey::from_der(chain, key, provider).with_context(|| {
        format!("TLS_KEY_FILE: {} is not the key of the certificate in TLS_CERT_FILE", key_file.display())
    })
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificates").field("chain_file", &self.chain_file).finish_non_exhaustive()
    }
}
