//! The environment's network uses DNS servers of which nobody can say whether they know the private names.
//!
//! ## Why
//! Custom DNS servers must forward what they do not know to Azure DNS (168.63.129.16), from a network that is linked to
//! `privatelink.azurecr.io`. Whether they do is not in Resource Manager; else the registry resolves to its closed public address, or to
//! nothing.
//! https://learn.microsoft.com/azure/container-apps/networking
//!
//! ## Fix
//! Forward to 168.63.129.16, use a DNS Private Resolver, or ask from inside: `nslookup` of the login server in a console of the app.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::Case;

pub const CHECK: Check = Check {
    code: "dns-servers-opaque",
    hypothesis: Hypothesis::H3,
    severity: Severity::Warning,
    source: include_str!("dns_servers_opaque.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.each(|way| {
        let network = way.story.network();
        // Where no private name is needed nobody looked whose the servers are.
        network.resolvers_listed.as_ref()?;
        let servers: Vec<String> =
            crate::egress::dns::opaque_servers(network).iter().map(ToString::to_string).collect();
        if servers.is_empty() {
            return None;
        }
        let title = format!(
            "whether the DNS servers {} know the private name of {} cannot be read",
            servers.join(", "),
            way.host
        );
        Some(case.about(way, title).help(format!("ask from inside the environment: `nslookup {}`", way.host)))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn nobody_knows_what_other_servers_forward() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").zone_right().dns_servers(&["10.9.9.4"])), @"
        warning: whether the DNS servers 10.9.9.4 know the private name of acme1.azurecr.io cannot be read
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        help: ask from inside the environment: `nslookup acme1.azurecr.io`
        ");
    }

    #[test]
    fn azure_dns_is_no_matter() {
        assert_eq!(says(CHECK, &world().closed().endpoint("Approved").zone_right()), "pass");
    }

    #[test]
    fn a_public_name_is_known_to_everybody() {
        assert_eq!(says(CHECK, &world().dns_servers(&["10.9.9.4"])), "pass");
    }
}
