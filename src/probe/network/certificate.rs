//! Who signed a certificate, from its DER (RFC 5280 §4.1). Only as much of it as leads to the issuer's name is read.

/// The organisation and the common name of the issuer; `None` when it has neither, or the bytes are no certificate.
pub fn issuer(der: &[u8]) -> Option<String> {
    const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

    let (certificate, _) = content(der, SEQUENCE)?;
    let (mut fields, _) = content(certificate, SEQUENCE)?;
    if let Some((_, rest)) = content(fields, VERSION) {
        fields = rest;
    }
    let (_, rest) = content(fields, INTEGER)?;
    let (_, rest) = content(rest, SEQUENCE)?;
    let (mut name, _) = content(rest, SEQUENCE)?;
    let (mut organization, mut common_name) = (None, None);
    while let Some((set, rest)) = content(name, SET) {
        name = rest;
        let (pair, _) = content(set, SEQUENCE)?;
        let (kind, value) = content(pair, IDENTIFIER)?;
        let (_, text, _) = element(value)?;
        let text = String::from_utf8_lossy(text).into_owned();
        match kind {
            ORGANIZATION => organization = Some(text),
            COMMON_NAME => common_name = Some(text),
            _ => {}
        }
    }
    match (organization, common_name) {
        (Some(organization), Some(name)) => Some(format!("{organization}, {name}")),
        (one, other) => one.or(other),
    }
}

const INTEGER: u8 = 0x02;
const IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;

/// The content of the first element if it has this tag, and what follows it.
fn content(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(found, _, _)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// Tag, content and rest of the first element (X.690 §8.1).
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(organization: Option<&str>, name: &str) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["acme.azurecr.io".to_owned()]).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        if let Some(organization) = organization {
            parameters.distinguished_name.push(rcgen::DnType::OrganizationName, organization);
        }
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_issuer_is_read() {
        assert_eq!(
            issuer(&certificate(Some("Microsoft"), "Azure TLS CA 01")).as_deref(),
            Some("Microsoft, Azure TLS CA 01")
        );
        assert_eq!(issuer(&certificate(None, "Müller Proxy")).as_deref(), Some("Müller Proxy"));
    }

    #[test]
    fn bytes_that_are_cut_or_wrong_are_none() {
        let der = certificate(Some("Microsoft"), "Azure TLS CA 01");
        for end in 0..der.len().min(200) {
            issuer(&der[..end]);
        }
        for index in 0..der.len() {
            let mut wrong = der.clone();
            wrong[index] ^= 0xff;
            issuer(&wrong);
        }
        assert_eq!(issuer(&[]), None);
        assert_eq!(issuer(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
