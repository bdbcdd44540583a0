//! How expanding a large template compares with merely parsing its bytes as JSON, in time and in memory.
//!
//! ```sh
//! cargo bench --bench expand
//! ```
//!
//! Prints a table for 1×, 2×, 4× and 8× the resources: the time of `serde_json::from_slice`, of reading with places and expanding,
//! their ratio, and the peak memory of a process that only reads and expands, as a multiple of the file.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use pullgate::document::parse_json;
use pullgate::source::Sources;
use pullgate::template::{Context, Given, expand};
use serde_json::json;

const RESOURCES: usize = 100;
const ROUNDS: usize = 7;
/// Apps of a module, of which a loop makes some, and modules of a team.
const APPS: usize = 10;
const LOOPED: usize = 2;
const MODULES: usize = 5;
const SCHEMA: &str = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|argument| argument == "--peak") {
        return peak(arguments[position + 1].parse().expect("a number of resources"));
    }
    println!("resources     MB   serde_json   pullgate   ratio   memory");
    for factor in [1, 2, 4, 8] {
        let text = template(RESOURCES * factor);
        let (serde, own) = (
            best(|| parse(&text)),
            best(|| {
                black_box(expanded(text.clone()));
            }),
        );
        let ratio = own.as_secs_f64() / serde.as_secs_f64();
        let size = text.len() as f64 / 1e6;
        let (serde, own) = (millis(serde), millis(own));
        println!(
            "{:9} {size:6.2} {serde:9.1} ms {own:7.1} ms {ratio:7.2} {:>8}",
            RESOURCES * factor,
            memory(RESOURCES * factor)
        );
    }
}

fn best(mut run: impl FnMut()) -> Duration {
    let time = |()| {
        let started = Instant::now();
        run();
        started.elapsed()
    };
    (0..ROUNDS).map(|_| ()).map(time).min().expect("there are rounds")
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn parse(text: &str) {
    black_box(serde_json::from_slice::<serde_json::Value>(text.as_bytes()).expect("the template is JSON"));
}

fn expanded(text: String) -> usize {
    let mut sources = Sources::default();
    let file = sources.add("main.json", text);
    let template = parse_json(sources.text(file), file).expect("the template is JSON");
    let context = Context { deployment_name: Some("main".to_owned()), ..Context::default() };
    let expansion = expand(&template, &Given::default(), &context);
    assert!(expansion.problems.is_empty(), "{:?}", expansion.problems.first());
    expansion.resources.len()
}

/// Reads the file that the parent wrote and expands it, so that nothing else counts as memory.
fn peak(resources: usize) {
    let path = file_of(resources);
    let text = std::fs::read_to_string(path).expect("the parent wrote it");
    black_box(expanded(text));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{}", line.split_whitespace().nth(1).unwrap_or("0"));
}

fn memory(resources: usize) -> String {
    let text = template(resources);
    std::fs::write(file_of(resources), &text).expect("the temporary folder can be written");
    let run = |count: &str| -> Option<f64> {
        let child = Command::new(std::env::current_exe().ok()?).args(["--peak", count]).output().ok()?;
        String::from_utf8(child.stdout).ok()?.trim().parse().ok()
    };
    // What a process takes that expands nearly nothing is not the template's.
    std::fs::write(file_of(0), template(0)).expect("the temporary folder can be written");
    match (run(&resources.to_string()), run("0")) {
        (Some(all), Some(base)) if all > 0.0 => format!("{:.1}x", (all - base) * 1024.0 / text.len() as f64),
        _ => "unknown".to_owned(),
    }
}

fn file_of(resources: usize) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("pullgate-bench-{resources}.json"))
}

/// A template as Bicep compiles it: teams of modules of apps, each module in the deployment of its team; loops of resources, of
/// environment variables and of outputs; parameters handed down twice, registries by reference.
fn template(resources: usize) -> String {
    let teams: Vec<serde_json::Value> = (0..resources / (MODULES * APPS)).map(team).collect();
    let template = json!({
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "metadata": {"_generator": {"name": "bicep", "version": "0.38.5.1644", "templateHash": "1234567890"}},
        "parameters": {
            "tag": {"type": "string", "defaultValue": "v1"},
            "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
            "registryName": {"type": "string", "defaultValue": "acmeprod"},
        },
        "variables": {"registry": "[format('{0}.azurecr.io', toLower(parameters('registryName')))]"},
        "resources": teams,
    });
    serde_json::to_string_pretty(&template).expect("JSON")
}

fn team(index: usize) -> serde_json::Value {
    let handed = json!({
        "location": {"value": "[parameters('location')]"},
        "registry": {"value": "[variables('registry')]"},
        "tag": {"value": "[parameters('tag')]"},
    });
    let template = json!({
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"location": {"type": "string"}, "registry": {"type": "string"}, "tag": {"type": "string"}},
        "variables": {"registry": "[parameters('registry')]"},
        "resources": (0..MODULES).map(|module| apps(&format!("app-{index}-{module}"))).collect::<Vec<_>>(),
    });
    deployment(&format!("team-{index}"), handed, template)
}

fn apps(name: &str) -> serde_json::Value {
    let settings: Vec<String> =
        (0..10).map(|n| format!("a value as long as values of settings often are, number {n}")).collect();
    let handed = json!({
        "name": {"value": name},
        "location": {"value": "[parameters('location')]"},
        "registry": {"value": "[variables('registry')]"},
        "tag": {"value": "[parameters('tag')]"},
    });
    let mut resources: Vec<serde_json::Value> = (0..APPS - LOOPED).map(|n| app(&n.to_string())).collect();
    let mut looped = app("{1}");
    looped["name"] = json!("[format('{0}-worker-{1}', parameters('name'), copyIndex())]");
    looped["copy"] = json!({"name": "workers", "count": LOOPED});
    resources.push(looped);
    let template = json!({
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {
            "name": {"type": "string"},
            "location": {"type": "string"},
            "registry": {"type": "string"},
            "tag": {"type": "string"},
            "settings": {"type": "array", "defaultValue": settings},
        },
        "resources": resources,
        "outputs": {"names": {"type": "array", "copy": {"count": APPS, "input": "[format('{0}-{1}', parameters('name'), copyIndex())]"}}},
    });
    deployment(name, handed, template)
}

fn app(number: &str) -> serde_json::Value {
    let settings: Vec<serde_json::Value> = (0..9)
        .map(|n| json!({"name": format!("SETTING_{n}"), "value": format!("[format('{{0}}-{n}', parameters('settings')[{n}])]")}))
        .collect();
    let probes: Vec<serde_json::Value> = (0..3)
        .map(|n| json!({"type": "Liveness", "httpGet": {"path": format!("/health/{n}"), "port": 8080}, "periodSeconds": 10 + n}))
        .collect();
    let identity = "resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', parameters('name'))";
    json!({
        "type": "Microsoft.App/containerApps",
        "apiVersion": "2025-01-01",
        "name": format!("[format('{{0}}-{number}', parameters('name'))]"),
        "location": "[parameters('location')]",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {format!("[format('{{0}}', {identity})]"): {}}},
        "properties": {
            "environmentId": "[resourceId('Microsoft.App/managedEnvironments', parameters('name'))]",
            "configuration": {"registries": [{"server": "[parameters('registry')]", "identity": format!("[{identity}]")}]},
            "template": {
                "containers": [
                    {
                        "name": "api",
                        "image": "[format('{0}/team/service:{1}', parameters('registry'), parameters('tag'))]",
                        "env": settings,
                        "probes": probes,
                    },
                    {
                        "name": "sidecar",
                        "image": "[format('{0}/team/sidecar:{1}', parameters('registry'), parameters('tag'))]",
                        "copy": [{
                            "name": "env",
                            "count": "[length(parameters('settings'))]",
                            "input": {"name": "[format('SETTING_{0}', copyIndex('env'))]", "value": "[parameters('settings')[copyIndex('env')]]"},
                        }],
                    },
                ],
            },
        },
    })
}

fn deployment(name: &str, handed: serde_json::Value, template: serde_json::Value) -> serde_json::Value {
    json!({
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2025-04-01",
        "name": name,
        "properties": {
            "expressionEvaluationOptions": {"scope": "inner"},
            "mode": "Incremental",
            "parameters": handed,
            "template": template,
        },
    })
}
