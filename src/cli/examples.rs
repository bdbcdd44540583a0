//! What stands below the help texts: commands to start from, and what their exit codes say.

pub(super) const OF_ALL: &str = "\
Examples:
  pullgate check app.yaml                     before the deployment: can its images be pulled?
  pullgate check --app api -g rg              what runs now: would it start again?
  pullgate audit                              everything that runs
  pullgate triage system.log                  after the deployment failed: which question is it
  pullgate pin app.yaml --lock pullgate.lock  what the tags are now
  pullgate explain tag-missing                the page of a check

Exit codes of `check` and `audit`:
  0 may deploy, 1 would fail, 2 usage or unreadable input, 3 could not be verified";

pub(super) const CHECK: &str = "\
Examples:
  A Container Apps file, asking the registry and Azure; without asking anybody
    pullgate check app.yaml
    pullgate check app.yaml --offline
  A compiled Bicep template; Bicep itself
    pullgate check main.json -p prod.parameters.json -g rg --subscription ID
    pullgate check main.bicep -p main.bicepparam --report github --report junit=pullgate.xml
  What runs now; what `az containerapp update --image` and `update --yaml` would make of it
    pullgate check --app api -g rg
    pullgate check --app api -g rg --image acme.azurecr.io/api:v2
    pullgate check update.yaml --app api -g rg
  As soon as the image and the role are there
    pullgate check app.yaml --wait-for tag,role --timeout 10m

Exit codes:
  0 may deploy, 1 would fail, 2 usage or unreadable input, 3 could not be verified";

pub(super) const AUDIT: &str = "\
Examples:
  pullgate audit --report markdown=audit.md
  pullgate audit -g rg-prod --subscription ID --fail-on warning

Exit codes:
  0 every image could be pulled, 1 one could not, 2 nothing could be read, 3 could not be verified";

pub(super) const TRIAGE: &str = "\
Examples:
  az containerapp logs show -n api -g rg --type system | pullgate triage
  pullgate triage system.log --check
  pullgate triage system.log --check -- app.yaml -g rg --report junit=pullgate.xml";

pub(super) const PIN: &str = "\
Examples:
  pullgate pin app.yaml                            print the digests
  pullgate pin app.yaml --lock pullgate.lock.json  keep them beside it, for `check --lock`
  pullgate pin app.yaml --write                    write them where the references stand

Exit codes:
  0 every image is resolved
  1 with --check: something would be written
  2 usage, or an input that cannot be read
  3 an image could not be resolved, or a reference not be rewritten";
