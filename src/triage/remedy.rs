//! A signal becomes a finding: with what it means, what would contradict it, and commands with the names filled in.

use super::Finding;
use super::cause::{self, Cause, Command};
use super::decode::visible;
use super::judge::Signal;
use super::names::{Names, acr_name, is_plain};

/// The finding for a signal at a line.
pub(super) fn finding(signal: &Signal, line: usize, text: String, names: &Names) -> Finding {
    let cause = cause::find(signal.cause).expect("every cause of the table is in the catalogue, as a test makes sure");
    let mut why = vec![signal.why.to_owned()];
    if let Some(ip) = &names.ip
        && cause.code == "registry-closed"
    {
        why.push(format!("the refused address is {ip}"));
    }
    why.push(format!("known from: {}", signal.source));
    Finding {
        hypothesis: cause.hypothesis,
        cause: cause.code,
        confidence: (signal.confidence * 100.0).round() / 100.0,
        line,
        text,
        image: names.image.as_deref().map(|image| visible(image).replace('\n', " ")),
        app: names.app.clone(),
        meaning: cause.meaning,
        why,
        against: cause.against.iter().map(|text| (*text).to_owned()).collect(),
        commands: commands(cause, names),
    }
}

/// The cause's commands that fit the registry, with names where they are known and `$NAMES` where not.
pub(super) fn commands(cause: &Cause, names: &Names) -> Vec<String> {
    let acr = names.may_be_acr();
    let fits = |command: &Command| match *command {
        Command::Any(text) => Some(text),
        Command::Acr(text) => acr.then_some(text),
        Command::Other(text) => (!acr).then_some(text),
    };
    cause.commands.iter().filter_map(fits).map(|text| filled(text, names)).collect()
}

/// Where the reason of a pull that failed without one can be read.
pub(super) fn logs(names: &Names) -> Vec<String> {
    let commands = [
        "az containerapp logs show -n {app} -g {group} --type system --tail 100",
        "az containerapp revision list -n {app} -g {group} --query '[].{name: name, health: properties.healthState, state: properties.runningState}' -o table",
        "az deployment operation group list -g {group} -n $DEPLOYMENT --query \"[?properties.provisioningState=='Failed'].properties.statusMessage\"",
        "kubectl get events --field-selector reason=Failed --sort-by=.metadata.creationTimestamp",
    ];
    commands.iter().map(|text| filled(text, names)).collect()
}

fn filled(text: &str, names: &Names) -> String {
    let image = names.image.as_deref().filter(|image| is_plain(image, "._-/:@"));
    let registry = names.registry.as_deref().filter(|host| is_plain(host, ".-:"));
    let places = [
        ("{app}", names.app.as_deref(), "$APP"),
        ("{group}", names.group.as_deref().filter(|group| is_plain(group, "._-")), "$RG"),
        ("{acr}", registry.and_then(acr_name), "$ACR"),
        ("{registry}", registry, "$REGISTRY"),
        ("{repository}", names.repository.as_deref(), "$REPOSITORY"),
        ("{version}", names.version.as_deref(), "$TAG"),
        ("{image}", image, "$IMAGE"),
        ("{ip}", names.ip.as_deref().filter(|ip| ip.parse::<std::net::IpAddr>().is_ok()), "$IP"),
    ];
    places.iter().fold(text.to_owned(), |text, (place, name, variable)| text.replace(place, name.unwrap_or(variable)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands_for(code: &str, text: &str) -> String {
        commands(cause::find(code).unwrap(), &Names::of(text)).join("\n")
    }

    #[test]
    fn names_are_filled_in() {
        let text = "container app 'kiosk' --resource-group rg-kiosk: Failed to pull image \"acme-h7c2d9ae.azurecr.io/shop/kiosk:v2\"";
        let commands = commands_for("tag-missing", text);
        assert!(commands.contains("az acr repository show-tags -n acme --repository shop/kiosk"), "{commands}");
        assert!(commands.contains("-n kiosk -g rg-kiosk"), "{commands}");
        assert!(!commands.contains('{') || commands.contains("{name: name"), "{commands}");
    }

    #[test]
    fn a_registry_that_is_no_acr_gets_no_acr_commands() {
        let commands = commands_for("tag-missing", "Failed to pull image \"ghcr.io/acme/api:v1\"");
        assert!(!commands.contains("az acr"), "{commands}");
        assert!(commands.contains("imagetools inspect ghcr.io/acme/api:v1"), "{commands}");
    }

    #[test]
    fn what_a_shell_would_act_on_is_not_filled_in() {
        let commands = commands_for("tag-missing", "Failed to pull image \"acme.azurecr.io/a;reboot:$(id)\"");
        assert!(!commands.contains("reboot") && !commands.contains("$(id)"), "{commands}");
    }
}
