//! Who signed a certificate that is not trusted. Only for the diagnosis: the handshake is broken off, and nothing is sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::certificate;

/// How long a handshake is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest answer that is read for it.
const LIMIT: usize = 64 << 10;

/// The issuer of the certificate that a server shows under this name.
pub async fn issuer(name: &str, port: u16, left: Duration) -> Option<String> {
    let seen = Arc::new(Seen::default());
    let config =
        ClientConfig::builder().dangerous().with_custom_certificate_verifier(seen.clone()).with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(name.to_owned()).ok()?).ok()?;
    tokio::time::timeout(PATIENCE.min(left), shake(connection, name, port)).await.ok()?;
    let der = seen.certificate.lock().expect("nobody panics while holding it").take()?;
    certificate::issuer(&der)
}

/// Reads on until the certificate was shown, which ends the handshake.
async fn shake(mut connection: ClientConnection, name: &str, port: u16) -> Option<()> {
    let mut stream = TcpStream::connect((name, port)).await.ok()?;
    let mut buffer = vec![0; 16 << 10];
    let mut read = 0;
    while connection.is_handshaking() && read < LIMIT {
        let mut out = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut out).ok()?;
        }
        stream.write_all(&out).await.ok()?;
        let length = stream.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        read += length;
        let mut bytes = &buffer[..length];
        while !bytes.is_empty() {
            connection.read_tls(&mut bytes).ok()?;
            connection.process_new_packets().ok()?;
        }
    }
    None
}

/// Keeps the certificate, and trusts none.
#[derive(Debug, Default)]
struct Seen {
    certificate: Mutex<Option<Vec<u8>>>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.certificate.lock().expect("nobody panics while holding it") = Some(leaf.to_vec());
        Err(CertificateError::UnknownIssuer.into())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(CertificateError::BadSignature.into())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
