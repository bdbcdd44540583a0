//! The environment's subnet has something that this kind of environment does not support.
//!
//! ## Why
//! User-defined routes work for environments with workload profiles only; on the subnet of a consumption-only environment they are not
//! supported, and its traffic may end nowhere. An environment with workload profiles wants a subnet that is delegated to
//! `Microsoft.App/environments`.
//! https://learn.microsoft.com/azure/container-apps/networking
//!
//! ## Fix
//! Move the app to an environment with workload profiles, or take the route table off the subnet; delegate the subnet.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::path::{Misfit, misfits};
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::Case;

pub const CHECK: Check = Check {
    code: "environment-misfit",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("environment_misfit.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.each(|way| {
        let misfit = misfits(way.story.network()).into_iter().next()?;
        Some(match misfit {
            Misfit::RoutesOnConsumption { subnet, table } => {
                let title = format!("route table {} is on the subnet of an environment without workload profiles, which does not support routes", table.name());
                let command = format!("az network vnet subnet update --ids {} --remove routeTable", super::remedy::id(&subnet));
                case.about(way, title).help("use an environment with workload profiles, or take the route table off the subnet").command(command)
            }
            Misfit::NotDelegated { subnet } => {
                let title = format!("subnet {} is not delegated to Microsoft.App/environments", subnet.name());
                let command = format!("az network vnet subnet update --ids {} --delegations Microsoft.App/environments", super::remedy::id(&subnet));
                // An environment that stands has shown that its subnet will do.
                case.about(way, title).help("delegate the subnet").command(command).warning()
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn routes_need_workload_profiles() {
        insta::assert_snapshot!(says(CHECK, &world().consumption().routes(&["0.0.0.0/0 Internet"])), @"
        error: route table rt is on the subnet of an environment without workload profiles, which does not support routes
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        help: use an environment with workload profiles, or take the route table off the subnet
        run: az network vnet subnet update --ids /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/spoke/subnets/apps --remove routeTable
        ");
    }

    #[test]
    fn with_them_all_is_well() {
        assert_eq!(says(CHECK, &world().routes(&["0.0.0.0/0 Internet"])), "pass");
    }
}
