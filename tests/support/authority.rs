//! An authority of our own, for servers on loopback and for tokens.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What signs.
#[derive(Clone)]
pub struct Authority {
    issuer: Arc<Issuer<'static, KeyPair>>,
    /// The certificate to trust, PEM.
    pub pem: String,
    /// The same as it is.
    pub der: Vec<u8>,
}

/// A server's certificate and its key.
pub struct Leaf {
    pub certificate: CertificateDer<'static>,
    pub pem: String,
    pub key: KeyPair,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.self_signed(&key).unwrap();
        let (pem, der) = (certificate.pem(), certificate.der().to_vec());
        Authority { issuer: Arc::new(Issuer::new(parameters, key)), pem, der }
    }

    /// A certificate for these names.
    pub fn leaf(&self, names: &[&str]) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &*self.issuer).unwrap();
        Leaf { pem: certificate.pem(), certificate: certificate.into(), key }
    }

    /// The key, to sign something else than certificates with.
    pub fn key(&self) -> &KeyPair {
        self.issuer.key()
    }
}

impl Leaf {
    pub fn server(&self) -> Arc<ServerConfig> {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![self.certificate.clone()], key).unwrap())
    }
}
