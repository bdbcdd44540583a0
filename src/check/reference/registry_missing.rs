//! The image names no registry, so that Docker Hub is meant.
//!
//! ## Why
//! `api:v1` is `docker.io/library/api:v1`. When the registry was only forgotten, the pull fails with Docker Hub's
//! `UNAUTHORIZED: authentication required`, which looks like a missing role. It is an error where the workload configures a
//! registry of Azure that no image of it uses; official images such as `nginx` are probably meant, and only remarked on.
//! <https://github.com/MicrosoftDocs/azure-docs/pull/96888>
//!
//! ## Fix
//! Write the registry's login server in front: `acme.azurecr.io/api:v1`; or `docker.io/…` if Docker Hub is meant.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{ImageRef, SuspicionKind, acr_cloud, is_acr};
use crate::manifest::Pull;
use crate::manifest::{Entry, Host, RegistryEntry, Workload, server_host};

pub const CHECK: Check = Check {
    code: "registry-missing",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("registry_missing.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = super::image(pull)?;
    let (written, odd) = super::oddities(pull, &[SuspicionKind::MissingRegistry, SuspicionKind::Placeholder])?;
    let Some(odd) = odd.iter().find(|odd| odd.kind == SuspicionKind::MissingRegistry) else { return Ok(Vec::new()) };
    if crate::image::placeholders(&written.text).iter().any(|token| token.range.start < odd.at.end) {
        return Err(super::ANOTHER);
    }

    if matches!(pull.entry(), Ok(Entry::Found(_))) {
        return Ok(Vec::new());
    }
    let title = format!("`{}` names no registry: it is {image}", written.shown());
    let finding = written.at(odd.at.clone(), title);
    let forgotten = pull.workload.registries.entries.iter().find(|entry| is_unused_acr(entry, pull.workload));
    let forgotten = forgotten.filter(|_| !is_well_known(&image));
    let server = forgotten.and_then(|entry| server_host(entry.server.as_ref()?)).filter(|server| server.is_known());
    let fix = server.map(|server| format!("{}/{}", server.as_str(), written.text));
    let finding = match &fix {
        Some(fix) => written.hinted(finding, Some(&format!("did you mean `{fix}`?")), Some(fix)),
        None => {
            finding.help(format!("write `{image}` if Docker Hub is meant, else the registry's login server in front"))
        }
    };
    Ok(vec![match forgotten {
        None if is_well_known(&image) || is_customary(pull, &image) => finding.note(),
        // Some tools put the host of DOCKER_REGISTRY_SERVER_URL in front of the image, some do not.
        Some(entry) if pull.workload.host != Host::WebSite => {
            finding.also(entry.at, "no image uses this registry").severity(Severity::Error)
        }
        _ => finding,
    }])
}

/// Files for clusters and compose name images of Docker Hub by publisher and name, whoever the publisher is.
fn is_customary(pull: &Pull, image: &ImageRef) -> bool {
    matches!(pull.workload.host, Host::Kubernetes | Host::Compose) && !image.repository.starts_with("library/")
}

/// An entry for a registry of Azure from which no container of the workload pulls. An identity is for nothing else.
fn is_unused_acr(entry: &RegistryEntry, workload: &Workload) -> bool {
    let Some(server) = entry.server.as_ref().and_then(server_host) else { return false };
    let host = crate::image::Host::parse(server.as_str()).ok();
    let is_azure = host.as_ref().map_or(entry.identity.is_some(), |host| is_acr(host) && acr_cloud(host).is_some());
    let mut images = workload.containers.iter().filter_map(|container| container.image.as_ref());
    // A host that is not known may be this one.
    is_azure
        && !images.any(|image| {
            server_host(image).is_some_and(|host| image.as_unknown().is_some() || host.same(&server) != Some(false))
        })
}

/// Images that everybody pulls from Docker Hub. Without a namespace only its official images can be there.
/// <https://hub.docker.com/search?image_filter=official>
fn is_well_known(image: &ImageRef) -> bool {
    const OFFICIAL: &str = "adminer alpine almalinux amazonlinux archlinux bash busybox caddy cassandra centos clojure consul couchbase \
couchdb debian docker drupal eclipse-mosquitto eclipse-temurin elasticsearch elixir erlang fedora flink fluentd gcc ghost golang \
gradle groovy haproxy haskell hello-world httpd influxdb jenkins joomla julia kibana kong logstash mariadb matomo maven mediawiki \
memcached mongo mongo-express mysql nats nats-streaming neo4j nextcloud nginx node odoo openjdk oraclelinux percona perl php \
phpmyadmin postgres python rabbitmq redis redmine registry rockylinux ruby rust solr sonarqube swift telegraf tomcat traefik \
ubuntu unit varnish vault wordpress zookeeper";
    const PUBLISHERS: &str = "amazon apache axllent bitnami cloudflare confluentinc curlimages daprio datadog envoyproxy fluent grafana \
hashicorp influxdb istio jaegertracing keycloak kindest linuxserver localstack louislam mailhog milvusdb minio mitmproxy n8nio nginxinc \
ollama opensearchproject opentelemetry otel portainer prom qdrant redis redislabs selenium semitechnologies temporalio \
testcontainers timescale traefik unleashorg vaultwarden";
    let is_one_of = |names: &str, name: &str| names.split_whitespace().any(|known| known == name);
    match image.repository.split_once('/') {
        Some(("library", name)) => is_one_of(OFFICIAL, name),
        Some((publisher, _)) => is_one_of(PUBLISHERS, publisher),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{verdict_with, verdicts};
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(image: &str, servers: &[&str]) -> String {
        verdict_with(CHECK, image, servers, &Evidence::default())
    }

    #[test]
    fn a_forgotten_host_fails_where_a_registry_is_configured_for_nothing() {
        insta::assert_snapshot!(says("orders-api:v1", &["acme.azurecr.io"]), @"
        error: `orders-api:v1` names no registry: it is docker.io/library/orders-api:v1
        also: server: acme.azurecr.io
            identity: system: no image uses this registry
        help: did you mean `acme.azurecr.io/orders-api:v1`?
        fix: acme.azurecr.io/orders-api:v1
        ");
        insta::assert_snapshot!(says("shop/orders-api:v1", &["acme.azurecr.io"]), @"
        error: `shop/orders-api:v1` names no registry: it is docker.io/shop/orders-api:v1
        also: server: acme.azurecr.io
            identity: system: no image uses this registry
        help: did you mean `acme.azurecr.io/shop/orders-api:v1`?
        fix: acme.azurecr.io/shop/orders-api:v1
        ");
    }

    #[test]
    fn without_such_a_registry_it_is_warned_of() {
        insta::assert_snapshot!(says("orders-api:v1", &["ghcr.io"]), @"
        warning: `orders-api:v1` names no registry: it is docker.io/library/orders-api:v1
        help: write `docker.io/library/orders-api:v1` if Docker Hub is meant, else the registry's login server in front
        ");
    }

    #[test]
    fn an_image_that_everybody_takes_from_docker_hub_is_only_remarked_on() {
        insta::assert_snapshot!(says("nginx:1.27", &["acme.azurecr.io"]), @"
        note: `nginx:1.27` names no registry: it is docker.io/library/nginx:1.27
        help: write `docker.io/library/nginx:1.27` if Docker Hub is meant, else the registry's login server in front
        ");
        insta::assert_snapshot!(says("grafana/grafana:11.1.0", &["acme.azurecr.io"]), @"
        note: `grafana/grafana:11.1.0` names no registry: it is docker.io/grafana/grafana:11.1.0
        help: write `docker.io/grafana/grafana:11.1.0` if Docker Hub is meant, else the registry's login server in front
        ");
    }

    #[test]
    fn beside_an_image_of_the_configured_registry_it_may_be_meant() {
        let yaml = "environmentId: e\nconfiguration:\n  registries: [{server: acme.azurecr.io, identity: system}]\ntemplate:\n  containers:\n  \
    - {name: a, image: acme.azurecr.io/api:v1}\n  - {name: b, image: fabrikam/sidecar:v1}\n";
        insta::assert_snapshot!(verdicts(CHECK, yaml, &Evidence::default()), @"
        pass

        warning: `fabrikam/sidecar:v1` names no registry: it is docker.io/fabrikam/sidecar:v1
        help: write `docker.io/fabrikam/sidecar:v1` if Docker Hub is meant, else the registry's login server in front
        ");
    }

    #[test]
    fn an_entry_for_docker_hub_and_the_custom_of_compose_files_say_that_it_is_meant() {
        let yaml = "environmentId: e\nconfiguration: {registries: [{server: docker.io, username: u, passwordSecretRef: p}]}\n\
            template: {containers: [{name: a, image: 'fabrikam/api:v1'}]}\n";
        insta::assert_snapshot!(verdicts(CHECK, yaml, &Evidence::default()), @"pass");
        let compose = "services: {web: {image: 'fabrikam/api:v1'}}\n";
        assert!(verdicts(CHECK, compose, &Evidence::default()).starts_with("note: "));
    }

    #[test]
    fn a_written_host_is_right_and_a_bare_host_is_another_matter() {
        insta::assert_snapshot!(says("docker.io/library/nginx:1.27", &[]), @"pass");
        insta::assert_snapshot!(says("acme.azurecr.io:v1", &[]), @"not applicable: the reference has another mistake, which is reported");
    }
}
