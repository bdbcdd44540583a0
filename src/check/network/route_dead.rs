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
        insta::assert_snapshot!(says(CHECK, &world().routes(&["0.0.0.0/0 None"])), @"");
    }

    #[test]
    fn a_route_to_the_internet_does_not() {
        assert_eq!(says(CHECK, &world().routes(&["0.0.0.0/0 Internet"])), "pass");
    }
}
