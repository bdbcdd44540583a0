//! A route of the environment's subnet drops what the pull needs.
//!
//! ## Why
//! A route with next hop `None` drops everything that it covers. With `0.0.0.0/0` that is every public dependency; only private
//! endpoints are spared.
//! https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
//!
//! ## Fix
//! Remove the route, or add one for the service's tag whose next hop is `Internet`.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "route-dead",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("route_dead.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry, Topic::Layers, Topic::Platform], |way, blocked| {
        let Barrier::Route { table, route, target } = &blocked.barrier else { return None };
        let title = format!("route {route} of {} drops what goes to {}", table.name(), target.host);
        Some(case.finding(way, blocked, title).help("remove the route, or lead the service's tag past it"))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_route_to_nowhere_drops_the_registry() {
        insta::assert_snapshot!(says(CHECK, &world().routes(&["0.0.0.0/0 None"])), @"
        error: route route-none of rt drops what goes to acme1.azurecr.io
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: route `route-none` of `rt` drops what goes to acme1.azurecr.io (AzureContainerRegistry.westeurope)
        because: the same keeps the environment from the layers of the images
        because: the same keeps the environment from Microsoft Entra ID
        because: the same keeps the environment from the platform's own images
        help: remove the route, or lead the service's tag past it
        run: az network route-table route create --subscription s1 -g g --route-table-name rt -n allow-azurecontainerregistry-westeurope-443 --address-prefix AzureContainerRegistry.westeurope --next-hop-type Internet
        run: az network route-table route create --subscription s1 -g g --route-table-name rt -n allow-storage-westeurope-443 --address-prefix Storage.westeurope --next-hop-type Internet
        run: az network route-table route create --subscription s1 -g g --route-table-name rt -n allow-azureactivedirectory-443 --address-prefix AzureActiveDirectory --next-hop-type Internet
        run: az network route-table route create --subscription s1 -g g --route-table-name rt -n allow-microsoftcontainerregistry-443 --address-prefix MicrosoftContainerRegistry --next-hop-type Internet
        ");
    }

    #[test]
    fn a_route_to_the_internet_does_not() {
        assert_eq!(says(CHECK, &world().routes(&["0.0.0.0/0 Internet"])), "pass");
    }
}
