//! The registry refuses the kind of token that the platform pulls with.
//!
//! ## Why
//! Container Apps and App Service pull with a token for Resource Manager. A registry whose policy
//! `azureADAuthenticationAsArmPolicy` is disabled takes tokens made for registries only, and answers `UNAUTHORIZED`, whatever
//! roles there are. A built-in Azure policy recommends to disable it.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-disable-authentication-as-arm>,
//! <https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull>
//!
//! ## Fix
//! Enable it again: `az acr config authentication-as-arm update -r NAME --status enabled`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Found, Host, Manifest, Pull, Workload};

use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "arm-tokens-refused",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("arm_tokens_refused.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    if !wiring::is_container_app(workload) && workload.host != Host::WebSite {
        return Err(Stop::NotApplicable("this host pulls with another kind of token"));
    }
    wiring::each_pull(manifest, workload, evidence, |pull| judge(pull, evidence))
}

fn judge(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let puller = puller::azure_puller(pull).map_err(live::left_to_main)?;
    const STATUS: [&str; 4] = ["properties", "policies", "azureADAuthenticationAsArmPolicy", "status"];
    if let Found::One(registry) = pull.manifest.planned.registry_of(&pull.host()?)
        && !registry.existing
    {
        let status = registry.body.path(&STATUS).and_then(crate::value::Value::as_str);
        let refuses = status.is_some_and(|status| status.eq_ignore_ascii_case("disabled"));
        let at = registry.body.path(&STATUS).map_or(registry.at, |status| pull.place(status));
        let name = super::remedy::name_of(&registry.name);
        return Ok(if refuses { vec![finding(at, &name).also(registry.at, "the registry")] } else { Vec::new() });
    }
    let image = pull.image().map_err(live::left_to_main)?;
    // What is missing here, `pull-role-missing` asks for and reports.
    let Ok(Ok(registry)) = live::registry(&image.registry, evidence) else {
        return Err(Stop::NotApplicable("`pull-role-missing` decides it"));
    };
    if registry.arm_tokens_enabled {
        return Ok(Vec::new());
    }
    let at = puller.value().filter(|value| value.at.is_written()).map(|value| value.at);
    let at = at.or_else(|| match pull.entry() {
        Ok(crate::manifest::Entry::Found(entry)) => Some(entry.at),
        _ => None,
    });
    Ok(vec![finding(at.unwrap_or(pull.workload.at), &registry.name)])
}

fn finding(at: crate::source::Span, name: &str) -> Finding {
    let title = format!("the registry {name} refuses the tokens that the platform pulls with");
    let finding = Finding::at(at, title).detail("azureADAuthenticationAsArmPolicy is disabled");
    let finding =
        finding.help("let the registry take tokens for Resource Manager, or pull with a repository-scoped token");
    finding.command(format!("az acr config authentication-as-arm update -r {name} --status enabled"))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{live, registry};
    use serde_json::json;

    #[test]
    fn a_registry_that_takes_its_own_tokens_only_fails() {
        let policies = json!({"policies": {"azureADAuthenticationAsArmPolicy": {"status": "disabled"}}});
        insta::assert_snapshot!(live(CHECK, &registry(&policies)), @"
        error: the registry acme1 refuses the tokens that the platform pulls with
        at: {
        because: azureADAuthenticationAsArmPolicy is disabled
        help: let the registry take tokens for Resource Manager, or pull with a repository-scoped token
        run: az acr config authentication-as-arm update -r acme1 --status enabled
        ");
        assert_eq!(live(CHECK, &registry(&json!({}))), "pass");
    }
}
