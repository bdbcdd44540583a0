//! The environment cannot read the registry's password from the key vault.
//!
//! ## Why
//! A password that lies in a key vault is read over the environment's own way out: the tag `AzureKeyVault`, or the vault's name in a
//! firewall, and Microsoft Entra ID for the token. When that is closed the password is not updated any more, or never read.
//! https://learn.microsoft.com/azure/container-apps/use-azure-firewall
//!
//! ## Fix
//! Allow the key vault on port 443.

use crate::check::network::{Case, Topic};
use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

pub const CHECK: Check = Check {
    code: "vault-egress-closed",
    hypothesis: Hypothesis::H5,
    severity: Severity::Warning,
    source: include_str!("vault_egress_closed.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.decide(Topic::Vault, |way, blocked| {
        let by = match &blocked.barrier {
            Barrier::Nsg { nsg, rule, .. } => format!("rule {rule} of security group {}", nsg.name()),
            Barrier::Firewall { firewall, .. } => format!("firewall {}", firewall.name()),
            Barrier::Route { table, route, .. } => format!("route {route} of {}", table.name()),
            Barrier::Peering { why, .. } => why.clone(),
            _ => return None,
        };
        let title = format!("the environment cannot read the registry's password: {by} keeps it from the key vault");
        Some(case.finding(way, blocked, title).help("allow AzureKeyVault on port 443"))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_password_in_a_vault_is_read_from_there() {
        insta::assert_snapshot!(says(CHECK, &world().password_in_vault().group(&["100 Deny AzureKeyVault"])), @"
        warning: the environment cannot read the registry's password: rule rule-100 of security group nsg keeps it from the key vault
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: security group `nsg`, kv1.vault.azure.net (AzureKeyVault): rule `rule-100` (priority 100) denies it
        help: allow AzureKeyVault on port 443
        run: az network nsg rule create --subscription s1 -g g --nsg-name nsg -n allow-out-azurekeyvault-443 --priority <lower than that rule's> --direction Outbound --access Allow --protocol Tcp --destination-address-prefixes AzureKeyVault --destination-port-ranges 443
        ");
    }

    #[test]
    fn a_managed_identity_needs_no_vault() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["100 Deny AzureKeyVault"])), @"not applicable: no password lies in a key vault");
    }
}
