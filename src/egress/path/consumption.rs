//! What an environment without workload profiles needs besides: its nodes talk to a cluster that is
//! not in the network (<https://learn.microsoft.com/azure/container-apps/firewall-integration>,
//! "Consumption only environment").

use super::super::decision::Outcome;
use super::super::nsg::{self, Direction, Flow, Protocol};
use super::super::tag::Tag;
use super::super::target::Destination;
use super::super::{Network, part};
use super::Reach;

/// Whether the subnet's security group lets the nodes talk to their cluster. Route tables are not
/// supported there, so that no other filter is.
///
/// What is closed leaves it open whether images are pulled: it is documented as needed, and no pull
/// was shown to fail of it alone.
pub fn reach(network: &Network) -> Reach {
    let nothing = |why: &str| Reach::open(why);
    let Some(Ok(environment)) = &network.environment else {
        return nothing("the environment was not read");
    };
    let subnet = network.subnet().ok().flatten().filter(|_| environment.is_consumption_only());
    let Some(subnet) = subnet else {
        return nothing("the environment has workload profiles, or no network of its own");
    };
    let Some(Ok(group)) = subnet.nsg.as_ref().map(|id| part(&network.nsgs, id, "network security group")) else {
        return nothing("no security group that was read filters");
    };
    let cloud = |service| Destination::Service(Tag::regional(service, &environment.location));
    let needed = [
        (cloud(Tag::AZURE), Protocol::Udp, 1194, "AzureCloud on 1194/udp"),
        (cloud(Tag::AZURE), Protocol::Tcp, 9000, "AzureCloud on 9000/tcp"),
        (Destination::Public, Protocol::Udp, 123, "time servers on 123/udp"),
        (cloud("EventHub"), Protocol::Tcp, 5671, "EventHub on 5671/tcp"),
    ];
    let vicinity = network.vicinity(subnet);
    let closed = |(destination, protocol, port, name): &(Destination, Protocol, u16, &str)| {
        let flow = Flow { direction: Direction::Outbound, destination, protocol: *protocol, port: *port };
        let decision = nsg::evaluate(group, flow, &vicinity);
        (decision.outcome == Outcome::Deny).then(|| format!("{name} (rule `{}`)", decision.by.name))
    };
    let closed: Vec<String> = needed.iter().filter_map(closed).collect();
    if closed.is_empty() {
        return nothing("the nodes of the environment reach their cluster");
    }
    Reach::unknown(format!(
        "security group `{}` closes what an environment without workload profiles is documented to need: {}",
        group.id.name(),
        closed.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::scene::{scene, with_nsg};
    use super::*;

    fn consumption(mut network: Network) -> Network {
        if let Some(Ok(environment)) = &mut network.environment {
            environment.workload_profiles.clear();
        }
        network
    }

    #[test]
    fn a_group_for_workload_profiles_is_too_narrow_for_an_older_environment() {
        let narrow = || with_nsg(scene(), &["100 Allow AzureActiveDirectory", "4096 Deny *"]);
        assert!(reach(&narrow()).is_open());
        // The scene's rules are for 443 over TCP alone: what else there is falls to the default rules.
        assert!(reach(&consumption(narrow())).is_open());
        let mut closing = narrow();
        for rule in closing.nsgs.values_mut().flatten().flat_map(|group| &mut group.rules) {
            rule.ports = vec![super::super::super::address::Ports::ALL];
            rule.protocol = Protocol::Any;
        }
        let Verdict::Unknown(why) = reach(&consumption(closing)).verdict else { panic!("it passes") };
        for need in
            ["AzureCloud on 1194/udp", "AzureCloud on 9000/tcp", "time servers on 123/udp", "EventHub on 5671/tcp"]
        {
            assert!(why.contains(&format!("{need} (rule `r4096`)")), "{why}");
        }
    }
}
