//! IP networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::value::{Data, Member, Value};

use super::object::text_member;
use super::{Args, Builtin, Error, Kind, Outcome, known};

pub const FUNCTIONS: &[Builtin] =
    &[known("parseCidr", 1, 1, parse), known("cidrSubnet", 3, 3, subnet), known("cidrHost", 2, 2, host)];

/// A network; addresses are numbers, so that both versions are computed alike.
struct Network {
    first: u128,
    prefix: u32,
    /// Bits of an address.
    width: u32,
}

impl Network {
    fn of(args: &Args) -> Result<Network, Error> {
        let text = args.text(0)?;
        let network = text.split_once('/').and_then(|(address, prefix)| Network::new(address, prefix));
        network.ok_or_else(|| {
            let message = format!("`{}` is no network", super::numeric::short(text));
            args.wrong(0, Kind::Value, message)
                .expected("expected an address and the length of its prefix: `10.0.0.0/16`")
        })
    }

    fn new(address: &str, prefix: &str) -> Option<Network> {
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|_| digits)?;
        let (address, width) = match address.parse().ok()? {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        let mut network = Network { first: 0, prefix, width };
        if prefix > width {
            return None;
        }
        network.first = address & network.mask();
        Some(network)
    }

    fn size_less_one(&self) -> u128 {
        u128::MAX.checked_shr(128 - (self.width - self.prefix)).unwrap_or(0)
    }

    fn mask(&self) -> u128 {
        let all = u128::MAX >> (128 - self.width);
        all & !self.size_less_one()
    }

    fn last(&self) -> u128 {
        self.first | self.size_less_one()
    }

    fn text(&self, address: u128) -> String {
        match u32::try_from(address) {
            Ok(address) if self.width == 32 => Ipv4Addr::from(address).to_string(),
            _ => Ipv6Addr::from(address).to_string(),
        }
    }
}

fn parse(args: &Args) -> Outcome {
    let network = Network::of(args)?;
    let text = |name, address| text_member(name, network.text(address), args);
    let mut members = vec![text("network", network.first), text("netmask", network.mask())];
    let is_v4 = network.width == 32;
    if is_v4 {
        members.push(text("broadcast", network.last()));
    }
    // Networks of one or two addresses have none between network and broadcast.
    let (first, last) = match (is_v4, network.size_less_one()) {
        (true, 0 | 1) => (network.first, network.last()),
        (true, _) => (network.first + 1, network.last() - 1),
        (false, _) => (network.first, network.last()),
    };
    members.extend([text("firstUsable", first), text("lastUsable", last)]);
    members.push(Member::new("cidr", args.at, Value::new(Data::Int(network.prefix.into()), args.at)));
    args.give(Data::Object(members.into()))
}

fn subnet(args: &Args) -> Outcome {
    let network = Network::of(args)?;
    let (prefix, index) = (args.int(1)?, args.int(2)?);
    let Some(prefix) = u32::try_from(prefix).ok().filter(|new| (network.prefix..=network.width).contains(new)) else {
        let expected = format!("expected {} to {}", network.prefix, network.width);
        return Err(args.wrong(1, Kind::Range, format!("a prefix of {prefix} makes no subnet")).expected(expected));
    };
    let bits = prefix - network.prefix;
    let index = u128::try_from(index).ok().filter(|index| bits >= 128 || *index < 1 << bits);
    let Some(index) = index else {
        let message = format!("the network has no subnet number {}", args.int(2)?);
        return Err(args.wrong(2, Kind::Range, message).expected(format!("there are 2^{bits}, from 0")));
    };
    let address = network.first + index.checked_shl(network.width - prefix).unwrap_or(0);
    args.give_text(format!("{}/{prefix}", network.text(address)))
}

fn host(args: &Args) -> Outcome {
    let network = Network::of(args)?;
    let index = args.int(1)?;
    let size = network.size_less_one();
    let is_v4 = network.width == 32;
    // The network's own address is no host, nor is the last one of version 4; but of two addresses both are.
    let (first, last) = match size {
        0 | 1 => (network.first, network.last()),
        _ => (network.first + 1, if is_v4 { network.last() - 1 } else { network.last() }),
    };
    let address = u128::try_from(index).ok().and_then(|index| first.checked_add(index)).filter(|host| *host <= last);
    match address {
        Some(address) => args.give_text(network.text(address)),
        None => Err(args.wrong(1, Kind::Range, format!("the network has no host number {index}"))),
    }
}
