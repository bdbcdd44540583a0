//! The aliases of a name, in order: where they end tells a private link without its zone from a registry that never was.
//!
//! Only for the diagnosis. Connections use the system's resolver, so that what is seen is what the machine sees.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::sync::OnceCell;

/// How long a name server is waited for, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;

/// The name servers of the system, looked up when they are needed.
#[derive(Default)]
pub struct Names {
    resolver: OnceCell<Option<TokioResolver>>,
}

impl Names {
    /// The aliases of a name, without the name itself; none when no name server answers in time.
    pub async fn aliases(&self, name: &str, left: Duration) -> Vec<String> {
        let Some(resolver) = self.resolver.get_or_init(|| async { system() }).await else { return Vec::new() };
        let whole = format!("{}.", name.trim_end_matches('.'));
        let asked = resolver.lookup(whole.as_str(), RecordType::A);
        let patience = (PATIENCE * 2).min(left);
        let Ok(answer) = tokio::time::timeout(patience, asked).await else { return Vec::new() };
        let mut aliases = Vec::new();
        match answer {
            Ok(found) => {
                let chain = found.answers().iter().filter_map(|record| match &record.data {
                    RData::CNAME(alias) => Some(text(&alias.0)),
                    _ => None,
                });
                aliases.extend(chain);
            }
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => {
                // What was asked for last is where the aliases led.
                let last = text(none.query.name());
                aliases.extend((last != name.to_ascii_lowercase()).then_some(last));
            }
            Err(_) => {}
        }
        aliases
    }
}

/// `None` where no name server is configured.
fn system() -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    let options = builder.options_mut();
    options.timeout = PATIENCE;
    options.attempts = ATTEMPTS;
    builder.build().ok()
}

fn text(name: &Name) -> String {
    name.to_string().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, UdpSocket};

    use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use hickory_resolver::proto::op::{Message, ResponseCode};
    use hickory_resolver::proto::rr::Record;
    use hickory_resolver::proto::rr::rdata::{A, CNAME};

    use super::*;

    /// A name server that knows these aliases, and one address.
    fn server(aliases: &'static [(&str, &str)], address: Option<&'static str>) -> Names {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let mut buffer = [0; 1_500];
            while let Ok((length, client)) = socket.recv_from(&mut buffer) {
                let mut message = Message::from_vec(&buffer[..length]).unwrap().into_response();
                let mut name = text(message.queries[0].name());
                while let Some((from, to)) = aliases.iter().find(|(from, _)| *from == name) {
                    let target = RData::CNAME(CNAME(Name::from_ascii(format!("{to}.")).unwrap()));
                    message.add_answer(Record::from_rdata(Name::from_ascii(format!("{from}.")).unwrap(), 60, target));
                    name = (*to).to_owned();
                }
                if address == Some(&name) {
                    let data = RData::A(A(Ipv4Addr::new(10, 0, 0, 4)));
                    message.add_answer(Record::from_rdata(Name::from_ascii(format!("{name}.")).unwrap(), 60, data));
                } else {
                    message.metadata.response_code = ResponseCode::NXDomain;
                }
                socket.send_to(&message.to_vec().unwrap(), client).unwrap();
            }
        });
        let mut connection = ConnectionConfig::udp();
        connection.port = port;
        let server = NameServerConfig::new(IpAddr::V4(Ipv4Addr::LOCALHOST), true, vec![connection]);
        let config = ResolverConfig::from_name_servers(vec![server]);
        let resolver = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build().unwrap();
        Names { resolver: OnceCell::new_with(Some(Some(resolver))) }
    }

    #[track_caller]
    fn leads(names: fn() -> Names, name: &str, expected: &[&str]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(async { names().aliases(name, PATIENCE).await }), expected);
    }

    #[test]
    fn aliases_are_told_in_their_order() {
        let chain: fn() -> Names = || {
            const ALIASES: &[(&str, &str)] = &[
                ("acme.azurecr.io", "acme.privatelink.azurecr.io"),
                ("acme.privatelink.azurecr.io", "westeurope.fe.azcr.io"),
            ];
            server(ALIASES, Some("westeurope.fe.azcr.io"))
        };
        leads(chain, "acme.azurecr.io", &["acme.privatelink.azurecr.io", "westeurope.fe.azcr.io"]);
    }

    #[test]
    fn a_dangling_private_link_tells_its_last_name() {
        let dangling: fn() -> Names = || server(&[("acme.azurecr.io", "acme.privatelink.azurecr.io")], None);
        leads(dangling, "acme.azurecr.io", &["acme.privatelink.azurecr.io"]);
    }

    #[test]
    fn a_name_that_never_was_leads_nowhere() {
        leads(|| server(&[], None), "never.azurecr.io", &[]);
    }
}
